package dev.ninepin.virtio;

import java.io.IOException;

/**
 * The interrupt of a function's request queue, as something to wait for. The reply reader calls {@link #arm} and {@link
 * #await}, anyone {@link #wake}. Once the function is closed, calls fail with an {@link IOException}.
 */
public interface Interrupt {
    /** What {@link #vector} says of an interrupt by the line (INTx). */
    int LINE = -1;

    /** {@code msi-x} or {@code intx}. */
    String kind();

    /**
     * The entry of the MSI-X table that the queue is to use; or {@link #LINE}, and then the driver reads the device's ISR
     * register before each {@link #arm}, so that the line falls.
     */
    int vector();

    /** From here on an interrupt ends the next {@link #await}, or the one after an earlier interrupt was seen. */
    void arm() throws IOException;

    /** Returns after an interrupt, after {@link #wake}, or when {@code nanos} have passed; also for no reason at all. */
    void await(long nanos) throws IOException;

    /** Ends a wait at once: this one or the next. */
    void wake();
}
