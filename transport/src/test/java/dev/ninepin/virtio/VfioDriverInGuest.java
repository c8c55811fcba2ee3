package dev.ninepin.virtio;

class VfioDriverInGuest extends DriverInGuestContract {
    VfioDriverInGuest() {
        super(DriverKind.VFIO, "msi-x");
    }
}
