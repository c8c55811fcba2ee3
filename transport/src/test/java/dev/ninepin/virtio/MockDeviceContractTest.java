package dev.ninepin.virtio;

/** Checks that the mock keeps the contract of real functions. */
class MockDeviceContractTest extends PciFunctionContract {
    @Override
    PciFunction open() {
        return new MockDevice();
    }
}
