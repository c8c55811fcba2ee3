/**
 * What all parts of the program ask of this host, and how they report failures: users, programs, mount points, the
 * directory of control sockets, exit codes.
 */
@NullMarked
package dev.ninepin.daemon.host;

import org.jspecify.annotations.NullMarked;
