package dev.ninepin.virtio;

import java.io.IOException;
import java.util.Objects;

/**
 * A BAR of a device that vfio-pci is bound to. Registers are read and written by system calls, not mapped: setting up is
 * rare, a doorbell costs a way to the hypervisor anyway, and a call after the end fails, where a mapping would kill us.
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
