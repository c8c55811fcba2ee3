package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * A diod process that exports one directory to every user without authentication, on a UNIX socket or the loopback. It
 * accepts connections once it is constructed, and has exited once it is closed. Used by one thread at a time.
 */
public final class DiodServer extends ServerProcess {
    private static final String TCP_LISTEN = "0A";

    private final Path export;
    private final ServerKind kind;
    private final SocketAddress address;

    private DiodServer(final Path export, final Path runtime, final ServerKind kind) throws IOException {
        super(
                export,
                runtime,
                command(
                        export,
                        "--listen",
                        isTcp(kind) ? "127.0.0.1:0" : socketIn(runtime).toString()));
        this.export = export;
        this.kind = kind;
        this.address = isTcp(kind) ? awaitPort() : UnixDomainSocketAddress.of(socket());
        awaitStart(() -> accepts() ? Optional.of(true) : Optional.empty());
    }

    private static boolean isTcp(final ServerKind kind) {
        return kind == ServerKind.DIOD_TCP;
    }

    /** Exports {@code export} on a socket in a directory of its own. */
    public static DiodServer onUnixSocket(final Path export) throws IOException {
        return new DiodServer(export, makeRuntime(), ServerKind.DIOD_UNIX);
    }

    /** Exports {@code export} on a port of 127.0.0.1 that the kernel chooses. */
    public static DiodServer onTcp(final Path export) throws IOException {
        return new DiodServer(export, makeRuntime(), ServerKind.DIOD_TCP);
    }

    /** Returns the command of a diod that exports {@code export} on its standard input and output. */
    public static List<String> commandOnPipes(final Path export) {
        return command(export, "--rfdno", "0", "--wfdno", "1");
    }

    /** Returns the aname of {@code export} for diod. */
    public static ByteString aname(final Path export) {
        return ByteString.of(export.toString());
    }

    @Override
    public ServerKind kind() {
        return kind;
    }

    @Override
    public Channel connect(final int maxMessageSize) throws IOException {
        return isTcp(kind) ? StreamChannel.tcp("127.0.0.1", port()) : StreamChannel.unix(socket());
    }

    @Override
    public void restart() throws IOException {
        final String where = isTcp(kind) ? "127.0.0.1:" + port() : socket().toString();
        if (!isTcp(kind)) {
            Files.delete(socket());
        }
        startAgain(command(export, "--listen", where));
        awaitStart(() -> accepts() ? Optional.of(true) : Optional.empty());
    }

    /** Returns the port on 127.0.0.1, for a server on TCP. */
    public int port() {
        return ((InetSocketAddress) address).getPort();
    }

    private static List<String> command(final Path export, final String... where) {
        // diod 1.0.24 may crash in a worker that is still busy when its client has disconnected, and it raises its own
        // core file limit. In a directory where no file can be created, it leaves no core file.
        final List<String> command = new ArrayList<>(List.of("env", "--chdir=/proc"));
        command.addAll(List.of("/usr/sbin/diod", "--foreground", "--no-auth"));
        // No user lookup, and none of the machine's own configuration.
        command.addAll(List.of("--no-userdb", "--config-file", "/dev/null", "--logdest", "stderr"));
        command.addAll(List.of("--export", export.toString()));
        command.addAll(List.of(where));
        return command;
    }

    private boolean accepts() {
        try (SocketChannel probe = SocketChannel.open(address)) {
            return probe.isConnected();
        } catch (final IOException e) {
            return false;
        }
    }

    private InetSocketAddress awaitPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), awaitStart(this::listeningPort));
    }

    /** Returns the port of the process's listening socket. Finds the socket in {@code /proc} by its inode. */
    private Optional<Integer> listeningPort() throws IOException {
        final Collection<String> open = ProcessFiles.of(process().pid()).values();
        return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                .map(line -> line.trim().split("\\s+"))
                .filter(fields -> fields[3].equals(TCP_LISTEN) && open.contains("socket:[" + fields[9] + "]"))
                .map(fields -> Integer.parseInt(fields[1].substring(fields[1].indexOf(':') + 1), 16))
                .findFirst();
    }
}
