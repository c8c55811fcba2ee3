package dev.ninepin.virtio.driver;

import dev.ninepin.p9.ByteString;
import dev.ninepin.virtio.device.VirtioPciDevice;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Optional;

/**
 * A PCI function as sysfs presents it: its identity, its kernel driver, and the files that change the driver. Keeps no
 * state: every call reads sysfs again.
 *
 * <p>Source: Linux, Documentation/ABI/testing/sysfs-bus-pci.
 */
final class SysfsDevice {
    /** The kernel's driver that creates a virtio device from a PCI function. */
    static final String VIRTIO_PCI = "virtio-pci";

    private static final String NO_OVERRIDE = "(null)";

    private final SysfsBus bus;
    private final Path path;

    SysfsDevice(final SysfsBus bus, final Path path) {
        this.bus = bus;
        this.path = path;
    }

    /** Returns the domain, bus, device and function, such as {@code 0000:00:04.0}. */
    String address() {
        return path.getFileName().toString();
    }

    boolean isVirtio9p() throws IOException {
        return VirtioPciDevice.isVirtio9p(number("vendor"), number("device"), number("subsystem_device"));
    }

    /** Returns the kernel driver to which the function is bound. */
    Optional<String> driver() {
        return linkName(path.resolve("driver"));
    }

    /** Returns the only driver to which the kernel may bind the function; empty if there is no such restriction. */
    Optional<String> driverOverride() throws IOException {
        final String text = text("driver_override");
        return text.isEmpty() || text.equals(NO_OVERRIDE) ? Optional.empty() : Optional.of(text);
    }

    /** Sets the only driver to which the kernel may bind the function. Empty removes the restriction. */
    void overrideDriver(final Optional<String> driver) throws IOException {
        bus.write(path.resolve("driver_override"), driver.orElse("") + "\n");
    }

    /** Unbinds the function from its driver, if it has one. */
    void unbind() throws IOException {
        if (driver().isPresent()) {
            bus.write(path.resolve("driver").resolve("unbind"), address());
        }
    }

    /** Makes the kernel look for a driver of the function. Does nothing if no driver matches. */
    void probe() throws IOException {
        bus.write(bus.root().resolve("drivers_probe"), address());
    }

    /**
     * Returns the driver of the virtio device that virtio-pci has created from the function, such as {@code
     * 9pnet_virtio}. Empty without such a device or driver.
     */
    Optional<String> virtioDriver() throws IOException {
        final Optional<Path> child = virtioChild();
        return child.isPresent() ? linkName(child.get().resolve("driver")) : Optional.empty();
    }

    /** Returns the mount tag, if the kernel's 9p has read it. */
    Optional<ByteString> kernelMountTag() throws IOException {
        final Optional<Path> child = virtioChild();
        if (child.isEmpty() || !Files.exists(child.get().resolve("mount_tag"))) {
            return Optional.empty();
        }
        final byte[] tag = Files.readAllBytes(child.get().resolve("mount_tag"));
        // Some kernel versions end the tag with a NUL, others do not.
        int length = 0;
        while (length < tag.length && tag[length] != 0) {
            length++;
        }
        return Optional.of(ByteString.copyOf(Arrays.copyOf(tag, length)));
    }

    /** Returns the number of the function's IOMMU group; empty if it has none. */
    Optional<String> iommuGroup() {
        return linkName(path.resolve("iommu_group"));
    }

    /** Returns the type of the function's IOMMU group: {@code DMA}, {@code DMA-FQ}, {@code identity}, … */
    Optional<String> iommuGroupType() throws IOException {
        final Path type = path.resolve("iommu_group").resolve("type");
        return Files.exists(type) ? Optional.of(Files.readString(type).strip()) : Optional.empty();
    }

    /** Returns whether VFIO created the function's group because there is no IOMMU. */
    boolean isNoIommuGroup() throws IOException {
        final Path name = path.resolve("iommu_group").resolve("name");
        return Files.exists(name) && Files.readString(name).strip().equals("vfio-noiommu");
    }

    /**
     * Returns the name {@code uioN} of the function's device file in {@code /dev}, while uio_pci_generic drives the
     * function.
     */
    Optional<String> uio() throws IOException {
        final Path directory = path.resolve("uio");
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "uio*")) {
            for (final Path each : all) {
                return Optional.of(each.getFileName().toString());
            }
        }
        return Optional.empty();
    }

    /** Returns the file of the function's configuration space. */
    Path config() {
        return path.resolve("config");
    }

    /** Returns the file through which BAR {@code bar} is mapped. */
    Path resource(final int bar) {
        return path.resolve("resource" + bar);
    }

    /** Returns a key that no other function has, even a later one at the same address. */
    Object identity() throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    /** Returns whether the function still exists. */
    boolean exists() {
        return Files.isDirectory(path);
    }

    private Optional<Path> virtioChild() throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(path, "virtio[0-9]*")) {
            for (final Path each : all) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    private int number(final String name) throws IOException {
        final String text = text(name);
        try {
            return Integer.decode(text);
        } catch (final NumberFormatException e) {
            throw new IOException(path.resolve(name) + " is not a number: " + text, e);
        }
    }

    private String text(final String name) throws IOException {
        return Files.readString(path.resolve(name)).strip();
    }

    private static Optional<String> linkName(final Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).getFileName().toString());
        } catch (final NoSuchFileException e) {
            return Optional.empty();
        } catch (final IOException e) {
            // The path is not a symbolic link, which counts as no link.
            return Optional.empty();
        }
    }
}
