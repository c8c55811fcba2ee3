/** The bindings of libfuse 2.9's low-level interface and of the C library. */
@NullMarked
package dev.ninepin.fuse.lib;

import org.jspecify.annotations.NullMarked;
