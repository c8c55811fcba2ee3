package dev.ninepin.virtio.driver;

import dev.ninepin.virtio.pci.PciFunction;

/**
 * The device of the guest in which these tests run; no other program uses it. The system property {@code
 * ninepin.guest.device} has its address or mount tag. Without the property these tests do not run.
 */
final class GuestDevice {
    static final String PROPERTY = "ninepin.guest.device";

    private GuestDevice() {}

    static String name() {
        return System.getProperty(PROPERTY, "");
    }

    /** Opens the device's function, in its initial state. */
    static PciFunction open(final DriverKind kind) throws Exception {
        final VirtioDevices devices = VirtioDevices.ofThisSystem();
        return devices.openFunction(devices.find(name()), kind);
    }
}
