package dev.ninepin.virtio.driver;

import dev.ninepin.virtio.device.PciFunctionContract;
import dev.ninepin.virtio.pci.PciFunction;

/** Runs in a guest only: see {@link GuestDevice}. */
class VfioFunctionInGuest extends PciFunctionContract {
    @Override
    public PciFunction open() throws Exception {
        return GuestDevice.open(DriverKind.VFIO);
    }
}
