package dev.ninepin.channel;

import java.util.Map;

/**
 * What a channel is, as {@code ninepin status} shows it.
 *
 * @param kind the scheme of the source, such as {@code virtio}, {@code qemu}, {@code unix}
 * @param device what it talks to: a PCI address, a path, a host and port, a command
 * @param details more of it by stable names, in the order to show: {@code mount_tag}, {@code queue_size}, …
 */
public record ChannelInfo(String kind, String device, Map<String, String> details) {}
