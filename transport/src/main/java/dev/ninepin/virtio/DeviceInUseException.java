package dev.ninepin.virtio;

import java.io.IOException;

/** A device is in use by the kernel or by another process. The message says by whom, and what to do. */
final class DeviceInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    DeviceInUseException(final SysfsDevice device, final DeviceUse use) {
        super("the device at " + device.address() + " is " + use.text() + ": " + use.wayOut());
    }
}
