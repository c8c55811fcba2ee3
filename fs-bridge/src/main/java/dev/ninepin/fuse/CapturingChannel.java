package dev.ninepin.fuse;

import java.io.ByteArrayOutputStream;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.Delegate;

/**
 * A channel of libfuse's whose messages come here instead of going to the kernel: a request that libfuse is given over it
 * is answered into it. Not added to a session; one thread at a time.
 */
final class CapturingChannel implements AutoCloseable {
    /** {@code struct fuse_chan_ops} of fuse_lowlevel.h: receive[8] send[8] destroy[8]. */
    private static final int OPS_SIZE = 24;

    private static final int OPS_SEND = 8;

    /** {@code struct iovec}: base[8] length[8]. */
    private static final int IOVEC_SIZE = 16;

    private final LibFuse fuse;

    /** Held for as long as libfuse may call it. */
    private final Send send = this::send;

    private final long address;
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream();

    /** @param bufferSize in bytes, of the buffer that requests are received in; libfuse judges by it what it can take */
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
            throw new OutOfMemoryError("libfuse has no memory for a channel");
        }
    }

    /** The function of a channel that sends {@code count} pieces as one message. */
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

    /** The channel as libfuse names it. */
    long address() {
        return address;
    }

    /** What was sent since this was last asked for. */
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
