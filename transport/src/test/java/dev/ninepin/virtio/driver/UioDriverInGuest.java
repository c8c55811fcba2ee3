package dev.ninepin.virtio.driver;

class UioDriverInGuest extends DriverInGuestContract {
    UioDriverInGuest() {
        super(DriverKind.UIO, "intx");
    }
}
