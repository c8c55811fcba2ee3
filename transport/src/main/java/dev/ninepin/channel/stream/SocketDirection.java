package dev.ninepin.channel.stream;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.TimeUnit;

/**
 * One direction of a non-blocking socket, with reads and writes that block. A socket in blocking mode would not do,
 * because the JDK closes it when a thread in it is interrupted. Used by one thread at a time, except for {@link
 * #close}; whatever one thread did happens before what the next thread does.
 */
final class SocketDirection implements ReadableByteChannel, WritableByteChannel, Closeable {
    private final SocketChannel socket;
    private final Selector selector;

    /** How long a write may wait for room, in nanoseconds; 0 for no limit. */
    private volatile long limitNanos;

    /** True if the last read filled its buffer, so that more bytes are probably there. Used by the receiver only. */
    private boolean more;

    private SocketDirection(final SocketChannel socket, final Selector selector) {
        this.socket = socket;
        this.selector = selector;
    }

    /** Returns the direction from the server. */
    static SocketDirection input(final SocketChannel socket) throws IOException {
        return open(socket, SelectionKey.OP_READ);
    }

    /** Returns the direction to the server. */
    static SocketDirection output(final SocketChannel socket) throws IOException {
        return open(socket, SelectionKey.OP_WRITE);
    }

    private static SocketDirection open(final SocketChannel socket, final int operation) throws IOException {
        final Selector selector = Selector.open();
        try {
            socket.register(selector, operation);
            return new SocketDirection(socket, selector);
        } catch (final IOException | RuntimeException e) {
            selector.close();
            throw e;
        }
    }

    @Override
    public int read(final ByteBuffer target) throws IOException {
        int count = readIfMore(target);
        while (count == 0 && target.hasRemaining()) {
            awaitReady();
            count = socket.read(target);
        }
        more = !target.hasRemaining();
        return count;
    }

    /**
     * Reads like {@link #read}, but returns 0 once {@code deadline}, a {@link System#nanoTime}, has passed or the thread
     * is interrupted.
     */
    int readUntil(final ByteBuffer target, final long deadline) throws IOException {
        int count = readIfMore(target);
        while (count == 0 && target.hasRemaining()) {
            if (!awaitReady(deadline)) {
                return 0;
            }
            count = socket.read(target);
        }
        more = !target.hasRemaining();
        return count;
    }

    /** Reads only what is probably there, because a system call that finds nothing is wasted. */
    private int readIfMore(final ByteBuffer target) throws IOException {
        return more ? socket.read(target) : 0;
    }

    /** Sets how long a write may wait for room, in nanoseconds. */
    void limit(final long nanos) {
        limitNanos = nanos;
    }

    @Override
    public int write(final ByteBuffer source) throws IOException {
        int count = socket.write(source);
        while (count == 0 && source.hasRemaining()) {
            awaitReady();
            count = socket.write(source);
        }
        return count;
    }

    /** Writes like {@link #write}, but returns 0 once {@code deadline}, a {@link System#nanoTime}, has passed. */
    int writeUntil(final ByteBuffer source, final long deadline) throws IOException {
        int count = socket.write(source);
        while (count == 0 && source.hasRemaining()) {
            final long nanos = deadline - System.nanoTime();
            if (nanos <= 0 || !awaitReadyUninterruptibly(nanos)) {
                return 0;
            }
            count = socket.write(source);
        }
        return count;
    }

    @Override
    public boolean isOpen() {
        return selector.isOpen();
    }

    /** Wakes the blocked thread. The socket's descriptor is only released once both directions are closed. */
    @Override
    public void close() throws IOException {
        selector.close();
    }

    /** Blocks until the socket may be ready, at most for the limit. */
    private void awaitReady() throws IOException {
        final long limit = limitNanos;
        if (!awaitReadyUninterruptibly(limit)) {
            throw new IOException(
                    "the server has read nothing for " + TimeUnit.NANOSECONDS.toMillis(limit) / 1000.0 + " s");
        }
    }

    /**
     * Blocks until the socket may be ready, but for at most {@code limit} nanoseconds; 0 means without a limit. An
     * interrupt ends one select call, but not the wait. Returns whether the socket may be ready.
     */
    private boolean awaitReadyUninterruptibly(final long limit) throws IOException {
        final long begin = System.nanoTime();
        boolean interrupted = false;
        try {
            int ready = 0;
            while (ready == 0) {
                interrupted |= Thread.interrupted();
                final long left = limit == 0 ? 0 : limit - (System.nanoTime() - begin);
                if (left < 0) {
                    return false;
                }
                // Rounded up, because 0 means no limit.
                ready = select(limit == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(left) + 1);
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Blocks until the socket may be ready, until {@code deadline}, or until the thread is interrupted. Returns whether
     * the socket may be ready.
     */
    private boolean awaitReady(final long deadline) throws IOException {
        int ready = 0;
        while (ready == 0) {
            final long nanos = deadline - System.nanoTime();
            if (nanos <= 0 || Thread.currentThread().isInterrupted()) {
                return false;
            }
            // Rounded up, because 0 has no limit.
            ready = select(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
        }
        return true;
    }

    /** Blocks until the socket may be ready, at most for {@code millis}; 0 means without limit. */
    private int select(final long millis) throws IOException {
        try {
            final int ready = selector.select(key -> {}, millis);
            if (!socket.isOpen()) {
                throw new AsynchronousCloseException();
            }
            return ready;
        } catch (final ClosedSelectorException e) {
            final IOException closed = new AsynchronousCloseException();
            closed.initCause(e);
            throw closed;
        }
    }
}
