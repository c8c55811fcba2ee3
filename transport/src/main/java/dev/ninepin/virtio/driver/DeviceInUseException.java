package dev.ninepin.virtio.driver;

import java.io.IOException;

/**
 * Thrown when the kernel or another process uses a device. The message names the user of the device and says what to
 * do.
 */
final class DeviceInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    DeviceInUseException(final SysfsDevice device, final DeviceUse use) {
        super("the device at " + device.address() + " is " + use.text() + ": " + use.remedy());
    }
}
