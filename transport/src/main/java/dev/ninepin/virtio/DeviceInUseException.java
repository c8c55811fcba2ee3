package dev.ninepin.virtio;

import java.io.IOException;

/** A device is somebody else's: a kernel driver's, or another process's. The message says whose, and what to do. */
final class DeviceInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    DeviceInUseException(final String message) {
        super(message);
    }
}
