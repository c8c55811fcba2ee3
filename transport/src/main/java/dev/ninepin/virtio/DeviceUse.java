package dev.ninepin.virtio;

import java.util.List;

/**
 * Who uses a device, so that it can't be taken.
 *
 * @param holder a kernel driver, or {@link #NINEPIN}
 * @param text what follows "the device is", such as {@code mounted by the kernel's 9p on /mnt/share}
 * @param wayOut what to do, in a few words
 * @param mounts where the kernel's 9p has mounted it, as far as known
 */
public record DeviceUse(String holder, String text, String wayOut, List<String> mounts) {
    /** The {@link #holder} of a device that a Ninepin daemon uses. */
    public static final String NINEPIN = "ninepin";

    static DeviceUse byNinepin() {
        return new DeviceUse(NINEPIN, "in use by another ninepin", "ninepin status shows its mount", List.of());
    }

    static DeviceUse byDriver(final SysfsDevice device, final String driver) {
        return new DeviceUse(
                driver,
                "held by the kernel's driver " + driver,
                "unbind it first: echo " + device.address() + " > /sys/bus/pci/devices/" + device.address()
                        + "/driver/unbind",
                List.of());
    }
}
