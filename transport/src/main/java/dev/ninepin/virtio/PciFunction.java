package dev.ninepin.virtio;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A PCI function that this process has for itself: its configuration space, its registers, and memory that it may
 * reach. Each way to get at one (a QEMU without a guest, sysfs, UIO, VFIO) is an implementation, and passes the
 * same contract test.
 *
 * <p>One thread sets it up; {@link #close} may come from any thread.
 */
public interface PciFunction extends PciConfigSpace, AutoCloseable {
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
     * @param translated whether what the device reads and writes goes through the system's IOMMU, if it has one
     *     (VIRTIO_F_ACCESS_PLATFORM), rather than straight to physical memory
     * @throws IOException if there is not so much, or this device can't reach it
     */
    DmaMemory dmaMemory(int size, boolean translated) throws IOException;

    /** The interrupt for its request queue, the same object each time; empty if there is none, so that one has to poll. */
    default Optional<Interrupt> interrupt() {
        return Optional.empty();
    }

    /** How it is reached, by stable names, in the order to show; complete once {@link #dmaMemory} was called. */
    default Map<String, String> details() {
        return Map.of();
    }

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
