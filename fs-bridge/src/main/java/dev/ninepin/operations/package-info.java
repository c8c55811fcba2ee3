/**
 * What a kernel asks of a file system, and what it is told: {@code FileOperations} and its values. The FUSE adapter calls
 * it; a share implements it.
 */
@NullMarked
package dev.ninepin.operations;

import org.jspecify.annotations.NullMarked;
