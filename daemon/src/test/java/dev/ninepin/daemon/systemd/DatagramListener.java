package dev.ninepin.daemon.systemd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.testing.Python;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A UNIX datagram socket that receives, in place of systemd's. Implemented in Python, because Java has no such sockets.
 */
public final class DatagramListener implements AutoCloseable {
    private static final String PROGRAM = """
            import socket, sys
            name = sys.argv[1]
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind('\\0' + name[1:] if name[0] == '@' else name)
            print('bound', flush=True)
            while True:
                print(s.recv(65536).decode().replace('\\n', ' '), flush=True)
            """;

    private final Process process;
    private final List<String> received = new ArrayList<>();

    /**
     * Starts the listener, and returns once it listens.
     *
     * @param address a path or {@code @NAME}
     */
    public DatagramListener(final String address) throws IOException {
        process = new ProcessBuilder(Python.COMMAND, "-c", PROGRAM, address)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final BufferedReader lines = process.inputReader(UTF_8);
        if (!"bound".equals(lines.readLine())) {
            throw new IOException("nobody listens at " + address);
        }
        final Thread reader = new Thread(() -> lines.lines().forEach(this::add), "datagrams");
        reader.setDaemon(true);
        reader.start();
    }

    private synchronized void add(final String datagram) {
        received.add(datagram);
    }

    /** Returns the datagrams received so far, in order. Newlines in a datagram are replaced by spaces. */
    public synchronized List<String> received() {
        return List.copyOf(received);
    }

    /** Returns how often {@code datagram} has been received. */
    public long count(final String datagram) {
        return received().stream().filter(datagram::equals).count();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
