package dev.ninepin.operations;

import java.nio.ByteBuffer;

/** The result of a read, in memory that is on loan until {@link #close}. Not thread-safe. */
public interface ReadResult extends AutoCloseable {
    /** Returns the bytes from position to limit of a direct buffer; empty at the end of the file. */
    ByteBuffer data();

    /** Gives the memory back; the buffer of {@link #data} must not be used afterwards. */
    @Override
    void close();
}
