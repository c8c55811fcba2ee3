/**
 * The operating system's interface where Java has none: the binding of the C library, descriptors, event counters, lock
 * files, programs, calls on threads of their own, and what /proc tells of threads and mounts. It depends on no other
 * package.
 */
@NullMarked
package dev.ninepin.os;

import org.jspecify.annotations.NullMarked;
