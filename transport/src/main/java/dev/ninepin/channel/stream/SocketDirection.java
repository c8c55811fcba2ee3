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

/**
 * One direction of a non-blocking socket, with reads and writes that block. A socket in blocking mode would not do,
 * because the JDK closes it when a thread in it is interrupted. Used by one thread at a time, except for {@link
 * #close}.
 */
final class SocketDirection implements ReadableByteChannel, WritableByteChannel, Closeable {
    private final SocketChannel socket;
    private final Selector selector;

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
        int count = socket.read(target);
        while (count == 0 && target.hasRemaining()) {
            awaitReady();
            count = socket.read(target);
        }
        return count;
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

    @Override
    public boolean isOpen() {
        return selector.isOpen();
    }

    /** Wakes the blocked thread. The socket's descriptor is only released once both directions are closed. */
    @Override
    public void close() throws IOException {
        selector.close();
    }

    /** Blocks until the socket may be ready. An interrupt ends one select call, but not the wait. */
    private void awaitReady() throws IOException {
        boolean interrupted = false;
        try {
            int ready = 0;
            while (ready == 0) {
                interrupted |= Thread.interrupted();
                ready = selector.select();
                selector.selectedKeys().clear();
                if (!socket.isOpen()) {
                    throw new AsynchronousCloseException();
                }
            }
        } catch (final ClosedSelectorException e) {
            final IOException closed = new AsynchronousCloseException();
            closed.initCause(e);
            throw closed;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
