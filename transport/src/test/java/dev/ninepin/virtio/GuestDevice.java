package dev.ninepin.virtio;

/**
 * The device of the guest that these tests run in, which they have for themselves: its address or mount tag is the system
 * property {@code ninepin.guest.device}. Without it there is no guest, and nothing to test.
 */
final class GuestDevice {
    static final String PROPERTY = "ninepin.guest.device";

    private GuestDevice() {}

    static String name() {
        return System.getProperty(PROPERTY, "");
    }

    /** Its function, as a driver finds it. */
    static PciFunction open(final DriverKind kind) throws Exception {
        final VirtioDevices devices = VirtioDevices.ofThisSystem();
        return devices.openFunction(devices.find(name()), kind);
    }
}
