/** Questions to running mounts, and orders: the control socket, status, unmount and remount. */
@NullMarked
package dev.ninepin.daemon.control;

import org.jspecify.annotations.NullMarked;
