package dev.ninepin.daemon.doctor;

import dev.ninepin.virtio.driver.DeviceUse;
import dev.ninepin.virtio.driver.VirtioDevice;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A check of whether this machine's virtio-9p devices are free and can be driven. */
final class VirtioCheck implements Doctor.Check {
    /** A source of the device list. */
    @FunctionalInterface
    interface Lister {
        List<VirtioDevice> list() throws IOException;
    }

    private final Lister devices;

    VirtioCheck(final Lister devices) {
        this.devices = devices;
    }

    /**
     * Returns one finding per device. None of them is a failure; the check of a source covers the device to be mounted.
     */
    @Override
    public List<Finding> examine() {
        try {
            final List<VirtioDevice> all = devices.list();
            return all.isEmpty()
                    ? List.of(Finding.ok("virtio-9p", "this machine has no such device"))
                    : all.stream().map(VirtioCheck::examine).toList();
        } catch (final IOException e) {
            return List.of(Finding.warn(
                    "virtio-9p", "the devices cannot be listed: " + e.getMessage(), "check that /sys is mounted"));
        }
    }

    private static Finding examine(final VirtioDevice device) {
        final String subject = "device " + device.address();
        final String tag = device.tag()
                .map(text -> "tag " + text)
                .orElse("mount tag unknown (" + device.tagProblem().orElse("") + ")");
        final Optional<DeviceUse> use = device.use();
        if (use.isPresent()) {
            final String text = tag + ", " + use.get().text();
            return use.get().holder().equals(DeviceUse.NINEPIN)
                    ? Finding.ok(subject, text)
                    : Finding.warn(subject, text, use.get().remedy());
        }
        final String free = device.virtioDriver()
                .map(driver -> "bound to the kernel driver " + driver + " but not mounted")
                .orElse("free");
        final String ways = device.obstacles().entrySet().stream()
                .filter(way -> way.getValue().isEmpty())
                .map(way -> way.getKey().optionValue())
                .collect(Collectors.joining(", "));
        if (!ways.isEmpty()) {
            return Finding.ok(subject, tag + ", " + free + ", could be driven by " + ways);
        }
        final String obstacles = device.obstacles().entrySet().stream()
                .map(way -> way.getKey().optionValue() + ": " + way.getValue().orElse(""))
                .collect(Collectors.joining(", "));
        return Finding.warn(
                subject,
                tag + ", " + free + ", but no driver on this host can use it (" + obstacles + ")",
                "boot without Secure Boot, or give the virtual machine an IOMMU");
    }
}
