/**
 * The operating system's interface where Java has none: descriptors, event counters, lock files, and what /proc tells of
 * threads and mounts. It depends on no other package.
 */
@NullMarked
package dev.ninepin.os;

import org.jspecify.annotations.NullMarked;
