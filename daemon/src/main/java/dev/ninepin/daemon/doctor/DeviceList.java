package dev.ninepin.daemon.doctor;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.virtio.driver.DeviceUse;
import dev.ninepin.virtio.driver.VirtioDevice;
import dev.ninepin.virtio.driver.VirtioDevices;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The devices that {@code ninepin devices} shows. The component names in snake_case are the names in the JSON. They are
 * documented in {@code docs/devices.md} and must not change.
 *
 * @param devices every virtio-9p device of this machine, sorted by address
 */
public record DeviceList(List<Device> devices) {
    /**
     * One device.
     *
     * @param address the PCI address
     * @param source the source to pass to {@code ninepin mount}
     * @param tag the mount tag; null if it is unknown
     * @param tagProblem the reason why the tag is unknown; null if it is known
     * @param kernelDriver the kernel driver that the PCI device is bound to; null if none
     * @param virtioDriver the kernel driver of the virtio device that virtio-pci has created; null if none
     * @param heldBy the holder of the device, a kernel driver or {@code ninepin}; null if the device is free
     * @param use a short description of the use; null if the device is free
     * @param mountedOn the directories on which the kernel's 9p driver has mounted the device; null if none
     * @param drivers the drivers that can reach the device, the best first
     */
    public record Device(
            String address,
            String source,
            @Nullable String tag,
            @Nullable String tagProblem,
            @Nullable String kernelDriver,
            @Nullable String virtioDriver,
            @Nullable String heldBy,
            @Nullable String use,
            @Nullable List<String> mountedOn,
            List<Driver> drivers) {}

    /**
     * A driver that can reach a device.
     *
     * @param name the name, as for {@code -o driver=}
     * @param usable whether the driver can be used when the device is free
     * @param reason the reason why it cannot be used; null if it can
     */
    public record Driver(
            String name, boolean usable, @Nullable String reason) {}

    /**
     * Returns the devices of this machine.
     *
     * @throws NinepinException with {@link ExitCode#SYSTEM} if {@code /sys} cannot be read
     */
    public static DeviceList ofThisSystem() throws NinepinException {
        try {
            return of(VirtioDevices.ofThisSystem().list());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the PCI devices can't be read from /sys: " + Reason.of(e), e);
        }
    }

    static DeviceList of(final List<VirtioDevice> found) {
        return new DeviceList(found.stream()
                .map(device -> new Device(
                        device.address(),
                        "virtio:" + source(device, found),
                        device.tag().orElse(null),
                        device.tagProblem().orElse(null),
                        device.kernelDriver().orElse(null),
                        device.virtioDriver().orElse(null),
                        device.use().map(DeviceUse::holder).orElse(null),
                        device.use().map(DeviceUse::text).orElse(null),
                        device.use()
                                .map(DeviceUse::mounts)
                                .filter(mounts -> !mounts.isEmpty())
                                .orElse(null),
                        drivers(device)))
                .toList());
    }

    /** Returns the mount tag if it identifies the device uniquely, otherwise the PCI address. */
    private static String source(final VirtioDevice device, final List<VirtioDevice> all) {
        final boolean unique =
                all.stream().filter(other -> other.tag().equals(device.tag())).count() == 1;
        return device.tag()
                .filter(tag -> unique && !tag.isEmpty() && !VirtioDevices.isAddress(tag))
                .orElse(device.address());
    }

    private static List<Driver> drivers(final VirtioDevice device) {
        return device.obstacles().entrySet().stream()
                .map(each -> new Driver(
                        each.getKey().optionValue(),
                        each.getValue().isEmpty(),
                        each.getValue().orElse(null)))
                .toList();
    }
}
