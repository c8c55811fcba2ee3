package dev.ninepin.virtio.driver;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The check whether the kernel uses a device, rather than merely has a driver bound to it for a later mount.
 *
 * <p>A device that a mount of the kernel's 9p uses must not be taken. {@code p9_virtio_remove} would wait in the
 * kernel, uninterruptibly, until the mount has ended (net/9p/trans_virtio.c). A device that is bound to the kernel's 9p
 * but not mounted is free.
 */
final class KernelUses {
    /** The kernel's driver for the virtio device that virtio-pci creates from a PCI function. */
    static final String KERNEL_9P = "9pnet_virtio";

    private final Path root;
    private final SysfsBus bus;

    /** @param root the root of the file system: {@code /}, or a test's directory */
    KernelUses(final Path root, final SysfsBus bus) {
        this.root = root;
        this.bus = bus;
    }

    /** Returns the kernel's use of {@code device}; empty if the device may be taken. */
    Optional<DeviceUse> find(final SysfsDevice device) throws IOException {
        final Optional<String> driver = device.driver();
        if (!driver.equals(Optional.of(SysfsDevice.VIRTIO_PCI))) {
            return driver.filter(name -> !isUserSpaceDriver(name)).map(name -> DeviceUse.byDriver(device, name));
        }
        final Optional<String> virtioDriver = device.virtioDriver();
        return virtioDriver.equals(Optional.of(KERNEL_9P))
                ? findMount(device)
                : virtioDriver.map(name -> DeviceUse.byDriver(device, name));
    }

    private static boolean isUserSpaceDriver(final String driver) {
        return driver.equals("pci-stub")
                || driver.equals(DriverKind.VFIO.kernelDriver())
                || driver.equals(DriverKind.UIO.kernelDriver());
    }

    private Optional<DeviceUse> findMount(final SysfsDevice device) throws IOException {
        final KernelMounts mounts = KernelMounts.read(root);
        final Optional<ByteString> tag = device.kernelMountTag();
        final List<String> places = tag.isPresent() ? mounts.findMountPoints(tag.get()) : List.of();
        if (!places.isEmpty()) {
            final long sharing = countDevices(tag);
            return Optional.of(new DeviceUse(
                    KERNEL_9P,
                    (sharing > 1 ? "one of " + sharing + " with the mount tag " + tag.get() + ", " : "")
                            + "mounted by the kernel's 9p on " + String.join(" and ", places),
                    "unmount it there first, or use that mount",
                    places));
        }
        return mounts.hidden() == 0
                ? Optional.empty()
                : Optional.of(new DeviceUse(
                        KERNEL_9P,
                        "perhaps in use by a mount of the kernel's 9p that no mount table shows",
                        "end the mount(8) that hangs, or the programs that use a mount detached by umount -l",
                        List.of()));
    }

    private long countDevices(final Optional<ByteString> tag) throws IOException {
        long count = 0;
        for (final SysfsDevice each : bus.virtio9pDevices()) {
            if (each.kernelMountTag().equals(tag)) {
                count++;
            }
        }
        return count;
    }
}
