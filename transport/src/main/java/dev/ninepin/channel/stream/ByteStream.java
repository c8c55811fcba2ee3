package dev.ninepin.channel.stream;

import dev.ninepin.channel.ChannelInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * A byte stream to a server and back. A thread that blocks in one direction does not block threads in the other
 * direction. An interrupt does not end a write; the writing thread's interrupt flag is set when the write returns.
 */
interface ByteStream {
    /** Returns the description of the server's address. */
    ChannelInfo info();

    /** Returns the channel from the server. A read blocks until there is at least one byte. */
    ReadableByteChannel input();

    /** Returns whether {@link #readUntil} is supported. */
    default boolean hasTimedRead() {
        return false;
    }

    /**
     * Reads like {@link #input} does, but returns 0 once {@code deadline}, a {@link System#nanoTime}, has passed or the
     * thread is interrupted.
     */
    default int readUntil(final ByteBuffer target, final long deadline) throws IOException {
        throw new UnsupportedOperationException(info().kind());
    }

    /**
     * Returns whether the server may run on another host, as {@link dev.ninepin.channel.Channel#mayReachOtherHost}
     * does.
     */
    default boolean mayReachOtherHost() {
        return false;
    }

    /** Sets how long a write may block, as {@link dev.ninepin.channel.Channel#limitSending} does, if supported. */
    default void limitWriting(final long nanos) {}

    /** Returns the channel to the server. A write blocks until there is room. */
    WritableByteChannel output();

    /** Writes like {@link #output} does, but returns 0 once {@code deadline}, a {@link System#nanoTime}, has passed. */
    default int writeUntil(final ByteBuffer source, final long deadline) throws IOException {
        return output().write(source);
    }

    /**
     * Returns what is known about the end of the server, to append to an error message; empty if nothing is known. May
     * block for a moment.
     */
    String lastWords();

    /** Ends both directions. Threads that block in them wake with an {@link java.io.IOException}. Called once. */
    void close();
}
