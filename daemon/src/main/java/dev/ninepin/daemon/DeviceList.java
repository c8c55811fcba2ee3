package dev.ninepin.daemon;

import dev.ninepin.virtio.DeviceUse;
import dev.ninepin.virtio.VirtioDevice;
import dev.ninepin.virtio.VirtioDevices;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ninepin devices} shows. The names of the components, in snake_case, are the names in JSON: they are
 * documented in {@code docs/devices.md} and stay.
 *
 * @param devices every virtio-9p device of this system, by address
 */
public record DeviceList(List<Device> devices) {
    /**
     * One device.
     *
     * @param address on the PCI bus
     * @param source what to give to {@code ninepin mount}
     * @param tag the mount tag; null if it is not known
     * @param tagProblem why it is not known; null if it is
     * @param kernelDriver that it is bound to; null if to none
     * @param virtioDriver the kernel's driver for the virtio device that virtio-pci has made of it; null if there is none
     * @param heldBy who uses it, a kernel driver or {@code ninepin}; null if it is free
     * @param use how it is used, in a few words; null if it is free
     * @param mountedOn where the kernel's 9p has mounted it; null if nowhere
     * @param drivers the ways to reach it, the best first
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
     * A way to reach a device.
     *
     * @param name as in {@code -o driver=}
     * @param usable whether it would be used, were the device free
     * @param reason why not; null if it would
     */
    public record Driver(
            String name, boolean usable, @Nullable String reason) {}

    /**
     * Those of this system.
     *
     * @throws NinepinException with {@link ExitCode#SYSTEM} if the kernel doesn't say
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

    /** The tag, where it says which device is meant. */
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
                        each.getKey().text(),
                        each.getValue().isEmpty(),
                        each.getValue().orElse(null)))
                .toList();
    }
}
