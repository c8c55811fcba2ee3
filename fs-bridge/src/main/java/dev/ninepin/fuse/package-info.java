/**
 * The FUSE adapter, and the loop that serves it. Thin: it turns libfuse's callbacks and structs into calls of
 * {@code dev.ninepin.share} and their results back.
 */
@NullMarked
package dev.ninepin.fuse;

import org.jspecify.annotations.NullMarked;
