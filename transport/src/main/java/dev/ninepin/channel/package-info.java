/**
 * Channels: exclusive paths to a server that carry whole 9P messages. Byte streams (UNIX, TCP and vsock sockets, the pipes
 * of a command) and illumos's vio9p are here; the virtio device is in {@code dev.ninepin.virtio} and passes the same
 * contract test.
 */
@NullMarked
package dev.ninepin.channel;

import org.jspecify.annotations.NullMarked;
