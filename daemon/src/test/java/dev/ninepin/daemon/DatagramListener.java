package dev.ninepin.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.testing.Python;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A UNIX datagram socket to be sent to, as systemd's: in Python, because Java has none. */
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

    /** Returns once it listens at {@code address}, a path or {@code @NAME}. */
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

    /** What has come so far, in order, a datagram each, with spaces for its ends of lines. */
    public synchronized List<String> received() {
        return List.copyOf(received);
    }

    /** How often this very datagram has come. */
    public long count(final String datagram) {
        return received().stream().filter(datagram::equals).count();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
