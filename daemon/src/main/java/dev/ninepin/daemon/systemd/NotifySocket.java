package dev.ninepin.daemon.systemd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A UNIX datagram socket for sending, which Java does not offer. Thread-safe. Source: unix(7). */
final class NotifySocket {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;

    /** The offset and maximum length in bytes of sun_path in sockaddr_un. */
    private static final int PATH_OFFSET = 2;

    private static final int MAX_PATH = 108;

    private final String name;
    private final byte[] path;

    /** Creates a socket for {@code address}: a path, or {@code @} followed by a name in the abstract namespace. */
    NotifySocket(final String address) {
        name = address;
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
        final LibC libc = LibC.get();
        try (Descriptor socket =
                Descriptor.of(libc.socket(AF_UNIX, SOCK_DGRAM | Descriptor.CLOSE_ON_EXEC, 0), "the socket " + name)) {
            final ByteBuffer address = address();
            socket.call("connect", number -> libc.connect(number, address, address.remaining()));
            final ByteBuffer datagram = direct(message.length).put(message).flip();
            socket.call("write", number -> libc.write(number, datagram, message.length));
        }
    }

    private ByteBuffer address() {
        return direct(PATH_OFFSET + path.length)
                .putShort((short) AF_UNIX)
                .put(path)
                .flip();
    }

    private static ByteBuffer direct(final int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }
}
