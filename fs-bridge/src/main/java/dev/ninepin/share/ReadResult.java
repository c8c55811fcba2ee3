package dev.ninepin.share;

import java.nio.ByteBuffer;

/** What was read, in memory that is lent until {@link #close}. One thread at a time. */
public interface ReadResult extends AutoCloseable {
    /** The bytes, from position to limit: a direct buffer. Empty at the end of the file. */
    ByteBuffer data();

    /** Gives the memory back; {@link #data} must not be touched afterwards. */
    @Override
    void close();
}
