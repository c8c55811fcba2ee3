package dev.ninepin.channel.stream;

import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import dev.ninepin.os.SystemErrno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;

/**
 * A connected vsock socket, which links a machine with its guests. Java has no class for such sockets. Source:
 * vsock(7).
 */
final class VsockStream implements ByteStream {
    private static final int AF_VSOCK = 40;

    /** {@code SOCK_STREAM | SOCK_CLOEXEC} of Linux, the only system for which this class exists. */
    private static final int STREAM_CLOSE_ON_EXEC = 1 | 02000000;

    private static final int SHUT_RDWR = 2;

    /** {@code VMADDR_CID_LOCAL}: this machine itself. */
    private static final long CID_LOCAL = 1;

    /**
     * The size of {@code struct sockaddr_vm} and the offsets of its fields, in bytes. The fields are in native byte
     * order.
     */
    private static final int ADDRESS_SIZE = 16;

    private static final int PORT_OFFSET = 4;
    private static final int CID_OFFSET = 8;

    /** {@code VMADDR_CID_HOST}: the host of this guest. */
    private static final long CID_HOST = 2;

    private final LibC libc = LibC.get();
    private final Descriptor socket;
    private final boolean isOtherGuest;
    private final ChannelInfo info;

    private VsockStream(final int number, final long cid, final ChannelInfo info) {
        this.isOtherGuest = cid > CID_HOST;
        // After shutdown(2), each blocked or later call finds the end of the connection.
        this.socket = Descriptor.of(number, "vsock:" + info.device(), (same, thread) -> libc.shutdown(same, SHUT_RDWR));
        this.info = info;
    }

    /**
     * Connects to a vsock address.
     *
     * @throws IOException if the connection fails; its message is meant for the user
     */
    static VsockStream connect(final long cid, final long port) throws IOException {
        final ChannelInfo info = new ChannelInfo("vsock", cid + ":" + port, Map.of());
        final ByteBuffer address = ByteBuffer.allocateDirect(ADDRESS_SIZE).order(ByteOrder.nativeOrder());
        address.putShort(0, (short) AF_VSOCK).putInt(PORT_OFFSET, (int) port).putInt(CID_OFFSET, (int) cid);
        final LibC libc = LibC.get();
        final long start = System.nanoTime();
        while (true) {
            final int number = libc.socket(AF_VSOCK, STREAM_CLOSE_ON_EXEC, 0);
            if (number < 0) {
                throw failed(info, whyNoSocket(LibC.errno()));
            }
            if (libc.connect(number, address, ADDRESS_SIZE) == 0) {
                return new VsockStream(number, cid, info);
            }
            final int errno = LibC.errno();
            libc.close(number);
            // On EINTR the socket is unusable, so try again with a new one. The signal was meant for another purpose.
            if (SystemErrno.of(errno) != SystemErrno.EINTR) {
                final long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
                throw failed(info, whyNot(errno, cid, port, seconds));
            }
        }
    }

    private static IOException failed(final ChannelInfo info, final String why) {
        return new IOException("cannot connect to vsock:" + info.device() + ": " + why);
    }

    private static String whyNoSocket(final int errno) {
        return switch (SystemErrno.of(errno)) {
            case EAFNOSUPPORT, ESOCKTNOSUPPORT ->
                "this kernel does not support vsock; load the module first (modprobe vsock)";
            default -> LibC.describe(errno);
        };
    }

    private static String whyNot(final int errno, final long cid, final long port, final long seconds) {
        return switch (SystemErrno.of(errno)) {
            case ECONNRESET, ECONNREFUSED ->
                "connection refused; check that the server runs and listens on vsock port " + port;
            case ETIMEDOUT -> "no answer within " + seconds + " s; " + checkCid(cid);
            case ENODEV, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL -> "CID " + cid + " is unreachable; " + checkCid(cid);
            default -> LibC.describe(errno);
        };
    }

    private static String checkCid(final long cid) {
        return cid == CID_LOCAL
                ? "connections to this machine itself require the module vsock_loopback (modprobe vsock_loopback)"
                : "check the CID (the host is 2), and the vsock support of that machine: a guest needs a vhost-vsock"
                        + " device and the module vmw_vsock_virtio_transport, a host needs the module vhost_vsock";
    }

    @Override
    public boolean mayReachOtherHost() {
        return isOtherGuest;
    }

    @Override
    public ChannelInfo info() {
        return info;
    }

    @Override
    public ReadableByteChannel input() {
        return new Input();
    }

    @Override
    public WritableByteChannel output() {
        return new Output();
    }

    @Override
    public String lastWords() {
        return "";
    }

    @Override
    public void close() {
        socket.close();
    }

    /** Makes a system call, and repeats it if a signal interrupts it. */
    private int call(final IntToLongFunction systemCall) throws IOException {
        while (true) {
            final long result = socket.call(systemCall);
            if (result >= 0) {
                return (int) result;
            }
            final int errno = (int) -result;
            if (SystemErrno.of(errno) != SystemErrno.EINTR) {
                throw new IOException(LibC.describe(errno));
            }
        }
    }

    private final class Input implements ReadableByteChannel {
        @Override
        public int read(final ByteBuffer target) throws IOException {
            final int count = call(number -> libc.read(number, target, target.remaining()));
            target.position(target.position() + count);
            return count == 0 ? -1 : count;
        }

        @Override
        public boolean isOpen() {
            return !socket.isClosed();
        }

        @Override
        public void close() {
            VsockStream.this.close();
        }
    }

    private final class Output implements WritableByteChannel {
        @Override
        public int write(final ByteBuffer source) throws IOException {
            final int count = call(number -> libc.write(number, source, source.remaining()));
            source.position(source.position() + count);
            return count;
        }

        @Override
        public boolean isOpen() {
            return !socket.isClosed();
        }

        @Override
        public void close() {
            VsockStream.this.close();
        }
    }
}
