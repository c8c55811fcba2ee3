package dev.ninepin.virtio.driver;

class SysfsDriverInGuest extends DriverInGuestContract {
    SysfsDriverInGuest() {
        super(DriverKind.SYSFS, "none");
    }
}
