/**
 * A FUSE mount in the kernel: checks before it, its options, its mount point and copies, its connection, and the ways to
 * take it away.
 */
@NullMarked
package dev.ninepin.fuse.mount;

import org.jspecify.annotations.NullMarked;
