package dev.ninepin.virtio.driver;

import java.util.Map;
import java.util.Optional;

/**
 * A snapshot of a virtio-9p device of this system.
 *
 * @param address the PCI address, such as {@code 0000:00:04.0}
 * @param tag the mount tag; empty if it could not be read without disturbing the device's present user
 * @param tagProblem why the mount tag could not be read, in a few words; empty if it was read
 * @param kernelDriver the kernel driver to which the device is bound
 * @param virtioDriver the kernel's driver for the virtio device that virtio-pci has created from the device
 * @param use the present use of the device; empty if it is free
 * @param obstacles for each way to drive the device, what prevents it on this system, in a few words; empty if nothing
 *     does, apart from a use of the device
 */
public record VirtioDevice(
        String address,
        Optional<String> tag,
        Optional<String> tagProblem,
        Optional<String> kernelDriver,
        Optional<String> virtioDriver,
        Optional<DeviceUse> use,
        Map<DriverKind, Optional<String>> obstacles) {}
