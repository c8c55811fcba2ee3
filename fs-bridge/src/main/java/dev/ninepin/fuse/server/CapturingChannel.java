package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import java.io.ByteArrayOutputStream;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.Delegate;

/**
 * A libfuse channel that captures the messages sent over it instead of passing them to the kernel. libfuse's answer to
 * a request that it gets over this channel is captured as well. Not added to a session; not thread-safe.
 */
final class CapturingChannel implements AutoCloseable {
    /** {@code struct fuse_chan_ops} of fuse_lowlevel.h: receive[8] send[8] destroy[8]. */
    private static final int OPS_SIZE = 24;

    private static final int OPS_SEND = 8;

    /** {@code struct iovec}: base[8] length[8]. */
    private static final int IOVEC_SIZE = 16;

    private final LibFuse fuse;

    /** Keeps the function reachable for as long as libfuse may call it. */
    private final Send send = this::send;

    private final long address;
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream();

    /**
     * Creates the channel.
     *
     * @param bufferSize the size of the receive buffers in bytes; libfuse derives the largest write from it
     */
    CapturingChannel(final LibFuse fuse, final long bufferSize) {
        this.fuse = fuse;
        final Pointer ops = Native.allocate(OPS_SIZE);
        ops.putAddress(
                OPS_SEND,
                Native.RUNTIME
                        .getClosureManager()
                        .getClosurePointer(Send.class, send)
                        .address());
        address = fuse.fuse_chan_new(ops, -1, bufferSize, 0);
        if (address == 0) {
            throw new OutOfMemoryError("libfuse cannot create a channel: out of memory");
        }
    }

    /** The channel's send function, which sends {@code count} pieces ({@code struct iovec}) as one message. */
    public interface Send {
        @Delegate
        int call(long channel, long pieces, long count);
    }

    private int send(final long channel, final long pieces, final long count) {
        for (long i = 0; i < count; i++) {
            final Pointer piece = Native.at(pieces + i * IOVEC_SIZE);
            final byte[] bytes = new byte[Math.toIntExact(piece.getLong(Long.BYTES))];
            piece.getPointer(0).get(0, bytes, 0, bytes.length);
            captured.writeBytes(bytes);
        }
        return 0;
    }

    /** Returns the channel's address, by which libfuse identifies it. */
    long address() {
        return address;
    }

    /** Returns the bytes sent since the last call, or since the channel was created. */
    byte[] take() {
        final byte[] bytes = captured.toByteArray();
        captured.reset();
        return bytes;
    }

    @Override
    public void close() {
        fuse.fuse_chan_destroy(address);
    }
}
