package dev.ninepin.virtio;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A PCI function as the kernel shows it in sysfs: what it is, who drives it, and the files that change that. Holds no
 * state: every call looks again.
 *
 * <p>Source: Linux, Documentation/ABI/testing/sysfs-bus-pci.
 */
final class SysfsDevice {
    /** The kernel's driver that makes a virtio device of a PCI function. */
    static final String VIRTIO_PCI = "virtio-pci";

    private static final String NO_OVERRIDE = "(null)";

    private final SysfsBus bus;
    private final Path path;

    SysfsDevice(final SysfsBus bus, final Path path) {
        this.bus = bus;
        this.path = path;
    }

    /** Domain, bus, device and function, such as {@code 0000:00:04.0}. */
    String address() {
        return path.getFileName().toString();
    }

    boolean isVirtio9p() throws IOException {
        return VirtioPciDevice.isVirtio9p(number("vendor"), number("device"), number("subsystem_device"));
    }

    /** The kernel driver that it is bound to. */
    Optional<String> driver() {
        return linkName(path.resolve("driver"));
    }

    /** The only driver that the kernel may bind it to, if that is laid down. */
    Optional<String> driverOverride() throws IOException {
        final String text = text("driver_override");
        return text.isEmpty() || text.equals(NO_OVERRIDE) ? Optional.empty() : Optional.of(text);
    }

    /** Lays down the only driver that the kernel may bind it to, or that any may. */
    void overrideDriver(final Optional<String> driver) throws IOException {
        bus.write(path.resolve("driver_override"), driver.orElse("") + "\n");
    }

    /** Takes it away from its driver, if it has one. */
    void unbind() throws IOException {
        if (driver().isPresent()) {
            bus.write(path.resolve("driver").resolve("unbind"), address());
        }
    }

    /** Has the kernel look for a driver; if there is none, nothing happens. */
    void probe() throws IOException {
        bus.write(bus.root().resolve("drivers_probe"), address());
    }

    /** The driver of the virtio device that virtio-pci has made of it: {@code 9pnet_virtio}, or none. */
    Optional<String> virtioDriver() throws IOException {
        final Optional<Path> child = virtioChild();
        return child.isPresent() ? linkName(child.get().resolve("driver")) : Optional.empty();
    }

    /** The mount tag, where the kernel's 9p has read it. */
    Optional<ByteString> kernelMountTag() throws IOException {
        final Optional<Path> child = virtioChild();
        if (child.isEmpty() || !Files.exists(child.get().resolve("mount_tag"))) {
            return Optional.empty();
        }
        final byte[] tag = Files.readAllBytes(child.get().resolve("mount_tag"));
        // It ends in a NUL or not, by version of the kernel.
        int length = 0;
        while (length < tag.length && tag[length] != 0) {
            length++;
        }
        return Optional.of(ByteString.copyOf(Arrays.copyOf(tag, length)));
    }

    /** The number of its IOMMU group. */
    Optional<String> iommuGroup() {
        return linkName(path.resolve("iommu_group"));
    }

    /** What the kernel says of its IOMMU group: {@code DMA}, {@code DMA-FQ}, {@code identity}, … */
    Optional<String> iommuGroupType() throws IOException {
        final Path type = path.resolve("iommu_group").resolve("type");
        return Files.exists(type) ? Optional.of(Files.readString(type).strip()) : Optional.empty();
    }

    /** Whether its IOMMU group is one that VFIO made up because there is no IOMMU. */
    boolean isNoIommuGroup() throws IOException {
        final Path name = path.resolve("iommu_group").resolve("name");
        return Files.exists(name) && Files.readString(name).strip().equals("vfio-noiommu");
    }

    /** The number N of its {@code /dev/uioN}, while uio_pci_generic drives it. */
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

    /** Its configuration space. */
    Path config() {
        return path.resolve("config");
    }

    /** The registers of BAR {@code bar}. */
    Path resource(final int bar) {
        return path.resolve("resource" + bar);
    }

    /** Whether it is still there. */
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
            // Not a link: as good as none.
            return Optional.empty();
        }
    }
}
