package dev.ninepin.virtio;

/** Holds the mock to what real functions are held to. */
class MockDeviceContractTest extends PciFunctionContract {
    @Override
    PciFunction open() {
        return new MockDevice();
    }
}
