package dev.ninepin.virtio.pci;

import dev.ninepin.virtio.dma.DmaMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A PCI function that this process owns exclusively: its configuration space, its registers, and the memory that it may
 * access. Each way to access a function is one implementation: a QEMU without a guest, sysfs, UIO, VFIO. All pass the
 * same contract test.
 *
 * <p>One thread sets the function up; any thread may call {@link #close}.
 */
public interface PciFunction extends PciConfigSpace, AutoCloseable {
    /**
     * Maps a memory BAR, which has an address afterwards. Returns the same object each time.
     *
     * @param bar the number of the BAR, 0 to 5
     * @throws IOException if the function has no such BAR, or the BAR is one of I/O ports
     */
    Mmio mapBar(int bar) throws IOException;

    /**
     * Allocates memory that this process and the device share. The driver calls this once.
     *
     * @param size the least size, in bytes
     * @param translated whether the device's accesses go through the system's IOMMU, if it has one
     *     (VIRTIO_F_ACCESS_PLATFORM), rather than straight to physical memory
     * @throws IOException if the system has too little memory, or the device cannot reach it
     */
    DmaMemory dmaMemory(int size, boolean translated) throws IOException;

    /** Returns the interrupt for the request queue, the same object each time; empty if the driver has to poll. */
    default Optional<Interrupt> interrupt() {
        return Optional.empty();
    }

    /** Returns how the function is accessed, by stable names, in display order. Complete after {@link #dmaMemory}. */
    default Map<String, String> details() {
        return Map.of();
    }

    /**
     * Registers {@code action}, to be called in any thread if the function ends on its own: it is unplugged, or its
     * QEMU dies. An implementation need not call it for an end that other calls report anyway.
     */
    void onGone(Consumer<IOException> action);

    /**
     * Returns how long the driver waits for a reset before {@link #close}. A reset may last as long as the slowest
     * request.
     */
    default Duration resetPatience() {
        return Duration.ofSeconds(5);
    }

    /**
     * Releases the function, which the driver has reset. A call that is blocked in this object fails with an {@link
     * IOException}. Memory stays mapped while something refers to it. Later calls do nothing.
     */
    @Override
    void close();
}
