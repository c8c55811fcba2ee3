package dev.ninepin.virtio.driver;

import java.util.List;

/**
 * The present use of a device, which prevents Ninepin from taking it.
 *
 * @param holder the user of the device: the name of a kernel driver, or {@link #NINEPIN}
 * @param text the rest of a sentence that begins with "the device is", such as {@code mounted by the kernel's 9p on
 *     /mnt/share}
 * @param remedy what the user can do, in a few words
 * @param mounts the mount points at which the kernel's 9p has mounted the device, as far as known
 */
public record DeviceUse(String holder, String text, String remedy, List<String> mounts) {
    /** The {@link #holder} of a device that another Ninepin process uses. */
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
