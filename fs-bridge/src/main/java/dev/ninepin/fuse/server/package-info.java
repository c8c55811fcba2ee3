/** The threads that serve the kernel's requests, and the callbacks that they run. */
@NullMarked
package dev.ninepin.fuse.server;

import org.jspecify.annotations.NullMarked;
