package dev.ninepin.virtio;

class UioDriverInGuest extends DriverInGuestContract {
    UioDriverInGuest() {
        super(DriverKind.UIO, "intx");
    }
}
