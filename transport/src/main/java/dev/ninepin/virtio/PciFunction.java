package dev.ninepin.virtio;

import java.io.IOException;
import java.util.function.Consumer;

/**
 * A PCI function that this process has for itself: its configuration space, its registers, and memory that it may
 * reach. Each way to get at one (a QEMU without a guest; later sysfs, UIO, VFIO) is an implementation, and passes the
 * same contract test.
 *
 * <p>One thread sets it up; {@link #close} may come from any thread.
 */
public interface PciFunction extends AutoCloseable {
    /** Domain, bus, device and function, such as {@code 0000:00:04.0}. */
    String address();

    /** Reads configuration space, little-endian, unsigned. {@code offset} is below 256 and aligned to the width. */
    int readConfig8(int offset) throws IOException;

    int readConfig16(int offset) throws IOException;

    int readConfig32(int offset) throws IOException;

    void writeConfig16(int offset, int value) throws IOException;

    /**
     * The registers behind a memory BAR, which has an address afterwards; the same object each time.
     *
     * @param bar 0 to 5
     * @throws IOException if the function has no such BAR, or it is one of I/O ports
     */
    Mmio mapBar(int bar) throws IOException;

    /**
     * Memory for the one who drives this function, who asks once.
     *
     * @param size bytes
     * @throws IOException if there is not so much
     */
    DmaMemory dmaMemory(int size) throws IOException;

    /**
     * Has {@code action} called, in any thread, if the function ends by itself: unplugged, or its QEMU died. It need
     * not be called for an end that a call here tells of anyway.
     */
    void onGone(Consumer<IOException> action);

    /**
     * Gives the function back; the driver has reset it. What waits in a call here ends with an {@link IOException}.
     * Memory stays mapped as long as something refers to it. Closing again does nothing.
     */
    @Override
    void close();
}
