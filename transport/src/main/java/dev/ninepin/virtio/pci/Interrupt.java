package dev.ninepin.virtio.pci;

import java.io.IOException;

/**
 * The interrupt of a function's request queue, as an event to wait for.
 *
 * <p>Only the reply reader calls {@link #arm} and {@link #await}; any thread may call {@link #wake}. Once the function
 * is closed, calls fail with an {@link IOException}.
 */
public interface Interrupt extends AutoCloseable {
    /** The value of {@link #vector} for an interrupt by the line (INTx). */
    int LINE = -1;

    /** Returns the kind of interrupt: {@code msi-x} or {@code intx}. */
    String kind();

    /**
     * Returns the entry of the MSI-X table that the queue is to use, or {@link #LINE}.
     *
     * <p>With {@link #LINE}, the driver must read the device's ISR register before each {@link #arm}, so that the
     * device deasserts the line.
     */
    int vector();

    /**
     * Enables the interrupt, so that the next one ends {@link #await}. An interrupt seen earlier may end one {@link
     * #await} first.
     */
    void arm() throws IOException;

    /**
     * Blocks until an interrupt, until {@link #wake}, or until {@code nanos} have passed. May return without any of
     * these.
     *
     * @param nanos the longest wait, in nanoseconds
     */
    void await(long nanos) throws IOException;

    /** Ends the wait in progress at once, or else the next one. */
    void wake();

    /** Ends a wait in progress, and releases the interrupt. The interrupt line stays disabled. */
    @Override
    void close();
}
