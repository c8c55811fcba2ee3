package dev.ninepin.virtio.driver;

class VfioDriverInGuest extends DriverInGuestContract {
    VfioDriverInGuest() {
        super(DriverKind.VFIO, "msi-x");
    }
}
