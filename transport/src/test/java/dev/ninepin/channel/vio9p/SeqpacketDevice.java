package dev.ninepin.channel.vio9p;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.os.LibC;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Vio9pModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import jnr.ffi.LibraryLoader;

/**
 * A substitute for the device where the kernel has no CUSE: a pair of sockets that preserve message boundaries. The
 * model behind it is the same, but the errors that only a driver returns (EOVERFLOW, EMSGSIZE, EBUSY) do not occur.
 */
final class SeqpacketDevice implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET_CLOEXEC = 5 | 02000000;
    private static final int SHUT_RDWR = 2;

    private final LibC libc = LibC.get();
    private final Vio9pModel model;
    private final int far;
    private final int near;
    private final BackgroundCall<Void> serving;

    /** The number of the call that a read of the channel waits in. */
    private final long reading = System.nanoTime();

    /** Used under the model's lock. */
    private final ByteBuffer reply = ByteBuffer.allocateDirect(1 << 16);

    private final AtomicBoolean closed = new AtomicBoolean();

    /** The system call socketpair(2). */
    public interface SocketPairs {
        int socketpair(int domain, int type, int protocol, int[] descriptors);
    }

    SeqpacketDevice(final Vio9pModel model) {
        this.model = model;
        final int[] pair = new int[2];
        if (LibraryLoader.create(SocketPairs.class).load("c").socketpair(AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, pair)
                != 0) {
            throw new AssertionError("socketpair: " + LibC.errno());
        }
        near = pair[0];
        far = pair[1];
        model.open(true);
        serving = BackgroundCall.start("seqpacket", () -> {
            serve();
            return null;
        });
        readNext();
    }

    /** Returns the channel's end of the pair. May be called once. */
    Vio9pDevice device(final String name) throws IOException {
        return Vio9pDevice.of(name, near);
    }

    private void serve() {
        final ByteBuffer message = ByteBuffer.allocateDirect(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        long count = libc.read(far, message.clear(), message.capacity());
        while (count > 0) {
            final byte[] bytes = new byte[(int) count];
            message.get(0, bytes);
            model.write(0, bytes, false, new Vio9pModel.Answer() {
                @Override
                public void done(final byte[] sent) {
                    // The socket has already accepted the bytes.
                }

                @Override
                public void failed(final int errno) {
                    throw new AssertionError("the driver refuses a message, errno " + errno);
                }
            });
            count = libc.read(far, message.clear(), message.capacity());
        }
        model.interrupt(reading);
        model.release();
        libc.close(far);
    }

    private void readNext() {
        model.read(reading, 1 << 16, false, new Vio9pModel.Answer() {
            @Override
            public void done(final byte[] bytes) {
                libc.write(far, reply.clear().put(bytes).flip(), bytes.length);
                readNext();
            }

            @Override
            public void failed(final int errno) {
                assertThat(errno).isEqualTo(Vio9pModel.EINTR);
            }
        });
    }

    /** Removes the device. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            libc.shutdown(far, SHUT_RDWR);
            serving.close();
        }
    }
}
