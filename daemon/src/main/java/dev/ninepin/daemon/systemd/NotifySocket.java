package dev.ninepin.daemon.systemd;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/** A UNIX datagram socket for sending, which Java does not offer. Thread-safe. Source: unix(7). */
final class NotifySocket {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 02000000;
    private static final int MSG_NOSIGNAL = 0x4000;

    /** The offset and maximum length in bytes of sun_path in sockaddr_un. */
    private static final int PATH_OFFSET = 2;

    private static final int MAX_PATH = 108;

    /** The C library functions that Java does not offer. */
    public interface CLibrary {
        int socket(int domain, int type, int protocol);

        long sendto(int socket, byte[] data, long length, int flags, byte[] address, int addressLength);

        int close(int descriptor);

        String strerror(int errno);
    }

    private static final class Loaded {
        private static final CLibrary LIBC =
                LibraryLoader.create(CLibrary.class).load("c");
    }

    private final byte[] path;

    /** Creates a socket for {@code address}: a path, or {@code @} followed by a name in the abstract namespace. */
    NotifySocket(final String address) {
        path = address.getBytes(UTF_8);
        if (path[0] == '@') {
            path[0] = 0;
        }
    }

    /**
     * Sends one datagram.
     *
     * @throws IOException if no process listens on the address, or a system call fails
     */
    void send(final byte[] message) throws IOException {
        if (path.length > MAX_PATH) {
            throw new IOException("the address of the socket is longer than " + MAX_PATH + " bytes");
        }
        final int socket = Loaded.LIBC.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (socket < 0) {
            throw failed("socket");
        }
        try {
            final byte[] address = address();
            if (Loaded.LIBC.sendto(socket, message, message.length, MSG_NOSIGNAL, address, address.length) < 0) {
                throw failed("sendto");
            }
        } finally {
            Loaded.LIBC.close(socket);
        }
    }

    private byte[] address() {
        return ByteBuffer.allocate(PATH_OFFSET + path.length)
                .order(ByteOrder.nativeOrder())
                .putShort((short) AF_UNIX)
                .put(path)
                .array();
    }

    private static IOException failed(final String call) {
        final int errno = Runtime.getSystemRuntime().getLastError();
        return new IOException(call + " failed: " + Loaded.LIBC.strerror(errno));
    }
}
