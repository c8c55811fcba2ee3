/**
 * What a file operation means in 9P: inodes, open files, directories, caches. Knows sessions, and nothing of FUSE.
 */
@NullMarked
package dev.ninepin.share;

import org.jspecify.annotations.NullMarked;
