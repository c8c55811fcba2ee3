/**
 * Channels over byte streams: UNIX, TCP and vsock sockets, and the pipes of a command. A stream carries messages one
 * after the other, each with its size in front.
 */
@NullMarked
package dev.ninepin.channel.stream;

import org.jspecify.annotations.NullMarked;
