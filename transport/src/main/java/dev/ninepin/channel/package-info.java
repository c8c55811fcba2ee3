/**
 * Channels: exclusive connections to a server that carry whole 9P messages. This package has the byte streams (UNIX,
 * TCP and vsock sockets, pipes of a command) and illumos's vio9p device. The virtio device is in {@code
 * dev.ninepin.virtio} and passes the same contract test.
 */
@NullMarked
package dev.ninepin.channel;

import org.jspecify.annotations.NullMarked;
