package dev.ninepin.virtio;

class SysfsDriverInGuest extends DriverInGuestContract {
    SysfsDriverInGuest() {
        super(DriverKind.SYSFS, "none");
    }
}
