package dev.ninepin.virtio.device;

import dev.ninepin.virtio.pci.PciFunction;

/** Checks that the mock keeps the contract of real functions. */
class MockDeviceContractTest extends PciFunctionContract {
    @Override
    public PciFunction open() {
        return new MockDevice();
    }
}
