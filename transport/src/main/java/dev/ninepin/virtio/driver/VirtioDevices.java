package dev.ninepin.virtio.driver;

import dev.ninepin.channel.Channel;
import dev.ninepin.virtio.device.VirtioChannel;
import dev.ninepin.virtio.pci.PciFunction;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtio-9p devices of this system, a guest whose hypervisor offers shares through them. Lists the devices, and
 * opens a channel to one. Any thread.
 */
public final class VirtioDevices {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioDevices.class);

    /** How long to wait for the kernel to bind a new device, which takes some milliseconds. */
    private static final long BINDING_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final long BINDING_CHECK_MILLIS = 10;

    private final SysfsBus bus;
    private final DriverChoice choice;
    private final DeviceFinder finder;
    private final KernelUses kernel;
    private final Path lockDirectory;

    /**
     * @param root the root of the file system: {@code /}, or a test's directory
     * @param lockDirectory the directory of the lock files that exclude other Ninepin processes; created if it does not
     *     exist
     * @param writer writes sysfs files
     */
    VirtioDevices(final Path root, final Path lockDirectory, final SysfsBus.Writer writer) {
        this.bus = new SysfsBus(root.resolve("sys"), writer);
        this.choice = new DriverChoice(root);
        this.finder = new DeviceFinder(bus, choice);
        this.kernel = new KernelUses(root, bus);
        this.lockDirectory = lockDirectory;
    }

    /** Returns the devices of the system on which this process runs. */
    public static VirtioDevices ofThisSystem() {
        return new VirtioDevices(Path.of("/"), Path.of("/run/ninepin"), (file, text) -> Files.writeString(file, text));
    }

    /** Returns whether {@code text} has the form of a PCI address, and so is not taken as a mount tag. */
    public static boolean isAddress(final String text) {
        return DeviceFinder.isAddress(text);
    }

    /** Returns all virtio-9p devices, sorted by address. Does not disturb any of them. */
    public List<VirtioDevice> list() throws IOException {
        final List<VirtioDevice> devices = new ArrayList<>();
        for (final SysfsDevice device : bus.virtio9pDevices()) {
            try {
                devices.add(describe(device));
            } catch (final IOException e) {
                if (device.exists()) {
                    throw e;
                }
                LOG.debug("{} was unplugged while it was looked at", device.address(), e);
            }
        }
        return devices;
    }

    /**
     * Takes a device, and opens a channel to it. The channel owns the device. When it is closed, it restores the state
     * in which the device was found.
     *
     * @param name a mount tag, or a PCI address
     * @param driver the way to drive the device; empty for the best way available
     * @param maxMessageSize the largest message to carry, in bytes: an msize
     * @throws IOException if there is no such device, the device is in use, or this system has no way to drive it; the
     *     message says what to do
     */
    public Channel open(final String name, final Optional<DriverKind> driver, final int maxMessageSize)
            throws IOException {
        final SysfsDevice device = find(name);
        if (!Files.isWritable(device.config())) {
            throw new IOException("virtio:" + name + ": driving a device from user space requires root: mount as root");
        }
        awaitDriver(device);
        if (driver.isPresent()) {
            return openForced(device, driver.get(), maxMessageSize);
        }
        final Map<DriverKind, Optional<String>> obstacles = choice.obstacles(device);
        final Map<DriverKind, IOException> failures = new EnumMap<>(DriverKind.class);
        // In the order of DriverKind: the best way first.
        for (final Map.Entry<DriverKind, Optional<String>> each : obstacles.entrySet()) {
            final DriverKind kind = each.getKey();
            if (each.getValue().isEmpty()) {
                try {
                    return openWith(device, kind, maxMessageSize);
                } catch (final DeviceInUseException e) {
                    throw e;
                } catch (final IOException e) {
                    LOG.info("{} cannot be driven by {}: {}", device.address(), kind.optionValue(), e.getMessage());
                    failures.put(kind, e);
                }
            }
        }
        throw noUsableDriver(device, obstacles, failures);
    }

    /**
     * Blocks while the kernel may still bind a device that was just plugged in, so that the claim restores this driver
     * at the end. Waits the full time for a device that no driver binds.
     */
    private void awaitDriver(final SysfsDevice device) throws IOException {
        final long deadline = System.nanoTime() + BINDING_NANOS;
        while (device.driver().isEmpty()
                && device.driverOverride().isEmpty()
                && bus.hasDriver(SysfsDevice.VIRTIO_PCI)
                && System.nanoTime() < deadline) {
            try {
                Thread.sleep(BINDING_CHECK_MILLIS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while a driver was awaited");
            }
        }
    }

    private IOException noUsableDriver(
            final SysfsDevice device,
            final Map<DriverKind, Optional<String>> obstacles,
            final Map<DriverKind, IOException> failures) {
        if (!failures.isEmpty()) {
            final IOException all = new IOException(failures.entrySet().stream()
                    .map(each ->
                            each.getKey().optionValue() + ": " + each.getValue().getMessage())
                    .collect(Collectors.joining("; ")));
            failures.values().forEach(all::addSuppressed);
            return all;
        }
        return new IOException("no driver on this host can use the device at " + device.address() + ": "
                + obstacles.entrySet().stream()
                        .map(each -> each.getKey().optionValue() + ": "
                                + each.getValue().orElse(""))
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
                choice.disableNoIommu();
            }
        }
    }

    private Channel openWith(final SysfsDevice device, final DriverKind kind, final int maxMessageSize)
            throws IOException {
        final PciFunction function = openFunction(device, kind);
        return VirtioChannel.open(function, "virtio", device.address(), maxMessageSize);
    }

    /**
     * Claims and opens {@code device} without setting it up. Closing the function restores the state in which the
     * device was found.
     */
    PciFunction openFunction(final SysfsDevice device, final DriverKind kind) throws IOException {
        choice.load(kind);
        final DeviceClaim claim = DeviceClaim.take(device, lockDirectory, kernel);
        try {
            return kind == DriverKind.VFIO
                    ? VfioPciFunction.open(claim, lockDirectory)
                    : SysfsPciFunction.open(claim, kind, lockDirectory);
        } catch (final IOException | RuntimeException e) {
            claim.close();
            throw e;
        }
    }

    /** Returns the device that {@code name} denotes, as {@link DeviceFinder#find}. */
    SysfsDevice find(final String name) throws IOException {
        return finder.find(name);
    }

    private VirtioDevice describe(final SysfsDevice device) throws IOException {
        final DeviceFinder.Tag tag = finder.tag(device);
        return new VirtioDevice(
                device.address(),
                tag.text(),
                tag.problem(),
                device.driver(),
                device.virtioDriver(),
                use(device),
                choice.obstacles(device));
    }

    private Optional<DeviceUse> use(final SysfsDevice device) throws IOException {
        final Optional<DeviceUse> use = kernel.find(device);
        return use.isEmpty() && DeviceClaim.isHeld(device.address(), lockDirectory)
                ? Optional.of(DeviceUse.byNinepin())
                : use;
    }
}
