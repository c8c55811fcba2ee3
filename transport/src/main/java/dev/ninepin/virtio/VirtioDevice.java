package dev.ninepin.virtio;

import java.util.Map;
import java.util.Optional;

/**
 * A virtio-9p device of this system, as it was found.
 *
 * @param address such as {@code 0000:00:04.0}
 * @param tag its mount tag, if it could be read without disturbing who uses the device
 * @param tagProblem why not, in a few words; empty if it could
 * @param kernelDriver the kernel driver that it is bound to
 * @param virtioDriver the kernel's driver for the virtio device that virtio-pci has made of it
 * @param use who uses it; empty if it is free
 * @param obstacles for each way to reach it why it can't be used here, in a few words; empty if it could, were the device
 *     free
 */
public record VirtioDevice(
        String address,
        Optional<String> tag,
        Optional<String> tagProblem,
        Optional<String> kernelDriver,
        Optional<String> virtioDriver,
        Optional<DeviceUse> use,
        Map<DriverKind, Optional<String>> obstacles) {}
