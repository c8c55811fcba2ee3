package dev.ninepin.virtio.driver;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The PCI bus as sysfs presents it: {@code bus/pci}. */
final class SysfsBus {
    private final Path root;
    private final Writer writer;

    /** A writer of sysfs files. */
    interface Writer {
        void write(Path file, String text) throws IOException;
    }

    /**
     * @param sysfs {@code /sys}
     * @param writer writes sysfs files: {@link Files#writeString}, or a test's recorder
     */
    SysfsBus(final Path sysfs, final Writer writer) {
        this.root = sysfs.resolve("bus/pci");
        this.writer = writer;
    }

    Path root() {
        return root;
    }

    /** Returns the virtio-9p devices, sorted by address. */
    List<SysfsDevice> virtio9pDevices() throws IOException {
        final List<SysfsDevice> found = new ArrayList<>();
        final Path devices = root.resolve("devices");
        if (!Files.isDirectory(devices)) {
            return found;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(devices)) {
            for (final Path each : all) {
                final SysfsDevice device = new SysfsDevice(this, each);
                if (isVirtio9p(device)) {
                    found.add(device);
                }
            }
        }
        found.sort(Comparator.comparing(SysfsDevice::address));
        return found;
    }

    /** Returns the function at {@code address}; empty if none exists. */
    Optional<SysfsDevice> device(final String address) {
        return Optional.of(new SysfsDevice(this, root.resolve("devices").resolve(address)))
                .filter(SysfsDevice::exists);
    }

    /** Returns whether the kernel has the PCI driver {@code name} loaded. */
    boolean hasDriver(final String name) {
        return Files.isDirectory(root.resolve("drivers").resolve(name));
    }

    void write(final Path file, final String text) throws IOException {
        writer.write(file, text);
    }

    private static boolean isVirtio9p(final SysfsDevice device) throws IOException {
        try {
            return device.isVirtio9p();
        } catch (final IOException e) {
            // The device was unplugged during the reading.
            if (device.exists()) {
                throw e;
            }
            return false;
        }
    }
}
