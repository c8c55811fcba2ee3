package dev.ninepin.virtio.pci;

import dev.ninepin.os.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A function's configuration space through its sysfs file {@code config}. Any thread; calls fail after {@link #close}.
 */
public final class PciConfigFile implements PciConfigSpace, AutoCloseable {
    private final String address;
    private final Descriptor file;

    private PciConfigFile(final String address, final Descriptor file) {
        this.address = address;
        this.file = file;
    }

    /**
     * Opens {@code path} for reading and writing, which requires root.
     *
     * @param address the function's PCI address
     */
    public static PciConfigFile open(final String address, final Path path) throws IOException {
        return new PciConfigFile(address, Descriptor.open(path));
    }

    /**
     * Takes an exclusive lock on the file until {@link #close}; blocks while another process holds it. Excludes only
     * code that takes the lock too.
     */
    public void lock() throws IOException {
        file.lock();
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public int readConfig8(final int offset) throws IOException {
        return read(offset, Byte.BYTES);
    }

    @Override
    public int readConfig16(final int offset) throws IOException {
        return read(offset, Short.BYTES);
    }

    @Override
    public int readConfig32(final int offset) throws IOException {
        return read(offset, Integer.BYTES);
    }

    void writeConfig8(final int offset, final int value) throws IOException {
        write(offset, Byte.BYTES, value);
    }

    @Override
    public void writeConfig16(final int offset, final int value) throws IOException {
        write(offset, Short.BYTES, value);
    }

    void writeConfig32(final int offset, final int value) throws IOException {
        write(offset, Integer.BYTES, value);
    }

    @Override
    public void close() {
        file.close();
    }

    private int read(final int offset, final int width) throws IOException {
        return (int) file.readAt(Objects.checkFromIndexSize(offset, width, PciConfig.SIZE), width);
    }

    private void write(final int offset, final int width, final int value) throws IOException {
        file.writeAt(Objects.checkFromIndexSize(offset, width, PciConfig.SIZE), width, value);
    }
}
