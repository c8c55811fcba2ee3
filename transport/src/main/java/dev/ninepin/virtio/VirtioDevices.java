package dev.ninepin.virtio;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtio-9p devices of this system, which is a guest whose hypervisor offers shares by them: finds them, and opens the
 * channel to one. Any thread.
 */
public final class VirtioDevices {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioDevices.class);

    /** Domain (which may be left out), bus, device, function. */
    private static final Pattern ADDRESS = Pattern.compile("(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])");

    private final SysfsBus bus;
    private final DriverChoice choice;
    private final Path lockDirectory;

    /**
     * @param root of the file system: {@code /}, or a test's
     * @param lockDirectory where processes that use devices lock each other out; made if it is not there
     * @param writer how sysfs is written to
     */
    VirtioDevices(final Path root, final Path lockDirectory, final SysfsBus.Writer writer) {
        this.bus = new SysfsBus(root.resolve("sys"), writer);
        this.choice = new DriverChoice(root);
        this.lockDirectory = lockDirectory;
    }

    /** Those of the system that this process runs on. */
    public static VirtioDevices ofThisSystem() {
        return new VirtioDevices(Path.of("/"), Path.of("/run/ninepin"), (file, text) -> Files.writeString(file, text));
    }

    /** Whether {@code text} is a PCI address rather than a mount tag. */
    public static boolean isAddress(final String text) {
        return ADDRESS.matcher(text).matches();
    }

    /** All there are, by address. Disturbs none of them. */
    public List<VirtioDevice> list() throws IOException {
        final List<VirtioDevice> devices = new ArrayList<>();
        for (final SysfsDevice device : bus.virtio9pDevices()) {
            devices.add(describe(device));
        }
        return devices;
    }

    /**
     * Takes a device, and opens the channel to it. The channel owns the device, and hands it back as it was found.
     *
     * @param name a mount tag, or a PCI address
     * @param driver the way to reach it; without, the best that there is
     * @param maxMessageSize the largest message to carry, in bytes: an msize
     * @throws IOException if there is no such device, it is somebody else's, or nothing here can drive it; the message
     *     says what to do
     */
    public Channel open(final String name, final Optional<DriverKind> driver, final int maxMessageSize)
            throws IOException {
        final SysfsDevice device = find(name);
        if (!Files.isWritable(device.config())) {
            throw new IOException("virtio:" + name + ": driving a device from user space needs root");
        }
        if (driver.isPresent()) {
            return openForced(device, driver.get(), maxMessageSize);
        }
        final Map<DriverKind, Optional<String>> obstacles = choice.obstacles(device);
        final List<IOException> failures = new ArrayList<>();
        // In the order of DriverKind: the best first.
        for (final Map.Entry<DriverKind, Optional<String>> each : obstacles.entrySet()) {
            final DriverKind kind = each.getKey();
            if (each.getValue().isEmpty()) {
                try {
                    return openWith(device, kind, maxMessageSize);
                } catch (final DeviceInUseException e) {
                    throw e;
                } catch (final IOException e) {
                    LOG.info("{} can't be driven by {}: {}", device.address(), kind.text(), e.getMessage());
                    failures.add(e);
                }
            }
        }
        throw nothingWorks(device, obstacles, failures);
    }

    private IOException nothingWorks(
            final SysfsDevice device,
            final Map<DriverKind, Optional<String>> obstacles,
            final List<IOException> failures) {
        if (!failures.isEmpty()) {
            // The last is that of the way that asks for least; the log has the others.
            final IOException last = failures.get(failures.size() - 1);
            return new IOException(last.getMessage(), last);
        }
        return new IOException("nothing here can drive the device at " + device.address() + ": "
                + obstacles.entrySet().stream()
                        .map(each ->
                                each.getKey().text() + ": " + each.getValue().orElse(""))
                        .collect(Collectors.joining("; "))
                + "; boot without Secure Boot, or give the virtual machine an IOMMU");
    }

    private Channel openForced(final SysfsDevice device, final DriverKind kind, final int maxMessageSize)
            throws IOException {
        final boolean allowed = choice.prepareForced(kind, device);
        try {
            return openWith(device, kind, maxMessageSize);
        } finally {
            if (allowed) {
                choice.forbidNoIommu();
            }
        }
    }

    private Channel openWith(final SysfsDevice device, final DriverKind kind, final int maxMessageSize)
            throws IOException {
        final PciFunction function = openFunction(device, kind);
        return VirtioChannel.open(function, "virtio", device.address(), maxMessageSize);
    }

    /** Up to the device that nobody has touched yet; it is handed back when the function is closed. */
    PciFunction openFunction(final SysfsDevice device, final DriverKind kind) throws IOException {
        choice.load(kind);
        final DeviceClaim claim = DeviceClaim.take(device, lockDirectory);
        try {
            return kind == DriverKind.VFIO
                    ? VfioPciFunction.open(claim, lockDirectory)
                    : SysfsPciFunction.open(claim, kind, lockDirectory);
        } catch (final IOException | RuntimeException e) {
            claim.close();
            throw e;
        }
    }

    /** The device that {@code name} means. */
    SysfsDevice find(final String name) throws IOException {
        final List<SysfsDevice> devices = bus.virtio9pDevices();
        if (devices.isEmpty()) {
            throw new IOException(
                    "virtio:" + name + ": this system has no virtio-9p device: add the share to the virtual"
                            + " machine (QEMU: -device virtio-9p-pci)");
        }
        return isAddress(name) ? findByAddress(name, devices) : findByTag(name, devices);
    }

    private SysfsDevice findByAddress(final String name, final List<SysfsDevice> devices) throws IOException {
        final String address = name.indexOf(':') == name.lastIndexOf(':') ? "0000:" + name : name;
        for (final SysfsDevice device : devices) {
            if (device.address().equals(address)) {
                return device;
            }
        }
        throw new IOException("virtio:" + name + ": "
                + bus.device(address)
                        .map(other -> "the PCI device there is no virtio-9p device")
                        .orElse("no PCI device is there")
                + "; there are " + present(devices));
    }

    private SysfsDevice findByTag(final String name, final List<SysfsDevice> devices) throws IOException {
        final List<SysfsDevice> found = new ArrayList<>();
        for (final SysfsDevice device : devices) {
            if (tag(device).text().equals(Optional.of(ByteString.of(name).toString()))) {
                found.add(device);
            }
        }
        if (found.isEmpty()) {
            throw new IOException(
                    "virtio:" + name + ": no virtio-9p device has this mount tag; there are " + present(devices));
        }
        if (found.size() > 1) {
            throw new IOException("virtio:" + name + ": " + found.size()
                    + " devices have this mount tag: name one by its"
                    + " address, "
                    + found.stream().map(device -> "virtio:" + device.address()).collect(Collectors.joining(" or ")));
        }
        return found.get(0);
    }

    private String present(final List<SysfsDevice> devices) throws IOException {
        final List<String> all = new ArrayList<>();
        for (final SysfsDevice device : devices) {
            final Tag tag = tag(device);
            all.add(tag.text()
                            .orElse("a device whose tag can't be read ("
                                    + tag.problem().orElse("") + ")") + " at " + device.address());
        }
        return String.join(", ", all);
    }

    private VirtioDevice describe(final SysfsDevice device) throws IOException {
        final Tag tag = tag(device);
        return new VirtioDevice(
                device.address(), tag.text(), tag.problem(), device.driver(), holder(device), choice.obstacles(device));
    }

    private Optional<String> holder(final SysfsDevice device) throws IOException {
        final Optional<String> kernel = DeviceClaim.holder(device);
        final Path lockFile = DeviceClaim.lockFile(lockDirectory, device.address());
        if (kernel.isPresent() || !Files.isReadable(lockFile)) {
            return kernel;
        }
        final Optional<FileLock> lock = FileLock.tryTake(lockFile);
        lock.ifPresent(FileLock::close);
        return lock.isPresent() ? Optional.empty() : Optional.of(VirtioDevice.NINEPIN);
    }

    /** A mount tag, or why it is not known. */
    private record Tag(Optional<String> text, Optional<String> problem) {
        static Tag unknown(final String problem) {
            return new Tag(Optional.empty(), Optional.of(problem));
        }
    }

    private Tag tag(final SysfsDevice device) throws IOException {
        final Optional<String> known = device.kernelMountTag();
        if (known.isPresent()) {
            return new Tag(known, Optional.empty());
        }
        if (!Files.isWritable(device.config())) {
            return Tag.unknown("reading it needs root");
        }
        if (choice.isLockedDown()) {
            return Tag.unknown("the kernel is locked down; name the device by its address");
        }
        try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
            config.lock();
            final VirtioCapabilities capabilities = VirtioCapabilities.read(config);
            if (capabilities.configAccess() == 0) {
                return Tag.unknown("the device has no capability to read it by; name the device by its address");
            }
            final ByteString tag = MountTag.read(
                    device.address(),
                    capabilities.window(config, VirtioCapabilities.Kind.COMMON),
                    capabilities.window(config, VirtioCapabilities.Kind.DEVICE));
            return new Tag(Optional.of(tag.toString()), Optional.empty());
        } catch (final IOException e) {
            return Tag.unknown(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
    }
}
