package dev.ninepin.virtio.pci;

import dev.ninepin.os.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A function's configuration space through its sysfs file {@code config}. Any thread; calls fail after {@link #close}.
 */
public final class PciConfigFile implements PciConfigSpace, AutoCloseable {
    /** An offset beyond the largest configuration space, that of PCI Express. */
    private static final int BEYOND_END = 4096;

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

    /**
     * Fails if the kernel has removed the function from the system. Costs a system call, but no access to the function.
     */
    public void requirePresent() throws IOException {
        try {
            // No bytes can be read there, but the kernel answers ENODEV if the function is gone.
            file.probeAt(BEYOND_END);
        } catch (final IOException e) {
            throw new IOException("the device at " + address + " is gone", e);
        }
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public int readConfig(final int offset, final int width) throws IOException {
        return (int) file.readAt(Objects.checkFromIndexSize(offset, width, PciConfig.SIZE), width);
    }

    @Override
    public void writeConfig(final int offset, final int width, final int value) throws IOException {
        file.writeAt(Objects.checkFromIndexSize(offset, width, PciConfig.SIZE), width, value);
    }

    @Override
    public void close() {
        file.close();
    }
}
