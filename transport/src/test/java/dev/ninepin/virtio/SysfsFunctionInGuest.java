package dev.ninepin.virtio;

/** Runs in a guest only: see {@link GuestDevice}. */
class SysfsFunctionInGuest extends PciFunctionContract {
    @Override
    PciFunction open() throws Exception {
        return GuestDevice.open(DriverKind.SYSFS);
    }
}
