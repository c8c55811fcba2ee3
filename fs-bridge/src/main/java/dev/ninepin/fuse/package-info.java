/**
 * The FUSE adapter: mounting, unmounting, and the threads that serve the kernel's requests. It is a thin layer, which
 * translates libfuse's callbacks and structs into calls of {@code dev.ninepin.share}, and the results into replies.
 */
@NullMarked
package dev.ninepin.fuse;

import org.jspecify.annotations.NullMarked;
