package dev.ninepin.virtio.driver;

import dev.ninepin.virtio.pci.Mmio;
import java.io.IOException;
import java.util.Objects;

/**
 * A BAR of a device that is bound to vfio-pci. System calls access the registers, which are not mapped, for three
 * reasons: setup is rare, a doorbell traps to the hypervisor anyway, and a late access must not crash the JVM. A system
 * call after close fails; an access to a lost mapping would kill the process.
 */
record VfioMmio(VfioDevice device, VfioDevice.Region region) implements Mmio {
    @Override
    public long size() {
        return region.length();
    }

    @Override
    public int read(final long offset, final int width) throws IOException {
        return (int) device.read(at(offset, width), width);
    }

    @Override
    public void write(final long offset, final int width, final int value) throws IOException {
        device.write(at(offset, width), width, value);
    }

    private long at(final long offset, final int width) {
        return region.offset() + Objects.checkFromIndexSize(offset, width, region.length());
    }
}
