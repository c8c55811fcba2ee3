package dev.ninepin.virtio.device;

import dev.ninepin.virtio.pci.Mmio;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The simulated registers of a device. A register that a subclass does not define reads as 0, and a write to it fails
 * the test.
 */
abstract class MockBar implements Mmio {
    private final int size;

    MockBar(final int size) {
        this.size = size;
    }

    int readRegister(final int offset, final int width) {
        return 0;
    }

    void writeRegister(final int offset, final int width, final int value) {
        throw new AssertionError("the driver wrote " + value + " to " + offset);
    }

    static int get(final ByteBuffer registers, final int offset, final int width) {
        return switch (width) {
            case Byte.BYTES -> Byte.toUnsignedInt(registers.get(offset));
            case Short.BYTES -> Short.toUnsignedInt(registers.getShort(offset));
            default -> registers.getInt(offset);
        };
    }

    static void put(final ByteBuffer registers, final int offset, final int width, final int value) {
        switch (width) {
            case Byte.BYTES -> registers.put(offset, (byte) value);
            case Short.BYTES -> registers.putShort(offset, (short) value);
            default -> registers.putInt(offset, value);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public final int read(final long offset, final int width) {
        return readRegister(at(offset, width), width);
    }

    @Override
    public final void write(final long offset, final int width, final int value) {
        writeRegister(at(offset, width), width, value);
    }

    private int at(final long offset, final int width) {
        return (int) Objects.checkFromIndexSize(offset, width, (long) size);
    }
}
