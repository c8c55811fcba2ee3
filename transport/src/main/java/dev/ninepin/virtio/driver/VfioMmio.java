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
    public int read8(final long offset) throws IOException {
        return (int) device.read(at(offset, Byte.BYTES), Byte.BYTES);
    }

    @Override
    public int read16(final long offset) throws IOException {
        return (int) device.read(at(offset, Short.BYTES), Short.BYTES);
    }

    @Override
    public int read32(final long offset) throws IOException {
        return (int) device.read(at(offset, Integer.BYTES), Integer.BYTES);
    }

    @Override
    public void write8(final long offset, final int value) throws IOException {
        device.write(at(offset, Byte.BYTES), Byte.BYTES, value);
    }

    @Override
    public void write16(final long offset, final int value) throws IOException {
        device.write(at(offset, Short.BYTES), Short.BYTES, value);
    }

    @Override
    public void write32(final long offset, final int value) throws IOException {
        device.write(at(offset, Integer.BYTES), Integer.BYTES, value);
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        write16(offset, value);
    }

    private long at(final long offset, final int width) {
        return region.offset() + Objects.checkFromIndexSize(offset, width, region.length());
    }
}
