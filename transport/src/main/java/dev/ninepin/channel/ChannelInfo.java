package dev.ninepin.channel;

import java.util.Map;

/**
 * The description of a channel that {@code ninepin status} shows.
 *
 * @param kind the scheme of the source, such as {@code virtio}, {@code qemu}, {@code unix}
 * @param device the peer: a PCI address, a path, a host and port, or a command
 * @param details further properties by stable names, in display order: {@code mount_tag}, {@code queue_size}, …
 */
public record ChannelInfo(String kind, String device, Map<String, String> details) {}
