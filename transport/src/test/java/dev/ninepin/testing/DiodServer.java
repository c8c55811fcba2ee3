package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A diod process that exports one directory to every user without authentication, on a UNIX socket or the loopback. It
 * accepts connections once it is constructed, and has exited once it is closed. Used by one thread at a time.
 */
public final class DiodServer implements AutoCloseable {
    private static final Duration STARTS_WITHIN = Duration.ofSeconds(20);
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(20);
    private static final String TCP_LISTEN = "0A";

    private final Path export;
    private final Path runtime;
    private final Process process;
    private final SocketAddress address;

    private DiodServer(final Path export, final boolean unix) throws IOException {
        this.export = export;
        // Not in the build directory, whose path may be long: a socket's path has at most 107 bytes.
        this.runtime = Files.createTempDirectory(Path.of("/tmp"), "ninepin-diod");
        final Path socket = runtime.resolve("socket");
        this.process = new ProcessBuilder(command(export, "--listen", unix ? socket.toString() : "127.0.0.1:0"))
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
        try {
            this.address = unix ? UnixDomainSocketAddress.of(socket) : awaitPort();
            awaitUp("to accept", () -> accepts() ? Optional.of(true) : Optional.empty());
        } catch (final Throwable e) {
            close();
            throw e;
        }
    }

    /** Exports {@code export} on a socket in a directory of its own. */
    public static DiodServer onUnixSocket(final Path export) throws IOException {
        return new DiodServer(export, true);
    }

    /** Exports {@code export} on a port of 127.0.0.1 that the kernel chooses. */
    public static DiodServer onTcp(final Path export) throws IOException {
        return new DiodServer(export, false);
    }

    /** Returns the command of a diod that exports {@code export} on its standard input and output. */
    public static List<String> commandOnPipes(final Path export) {
        return command(export, "--rfdno", "0", "--wfdno", "1");
    }

    /** Returns the aname of {@code export} for diod. */
    public static ByteString aname(final Path export) {
        return ByteString.of(export.toString());
    }

    /** Returns the aname to attach to. */
    public ByteString aname() {
        return aname(export);
    }

    /** Returns the socket's path, for a server on a UNIX socket. */
    public Path socket() {
        return ((UnixDomainSocketAddress) address).getPath();
    }

    /** Returns the port on 127.0.0.1, for a server on TCP. */
    public int port() {
        return ((InetSocketAddress) address).getPort();
    }

    public long pid() {
        return process.pid();
    }

    /** Kills the server as {@code kill -9} does, and blocks until it has exited. */
    public void kill() {
        process.destroyForcibly();
        try {
            assertThat(process.waitFor(ENDS_WITHIN.toSeconds(), TimeUnit.SECONDS))
                    .as("diod, pid %d, has gone", process.pid())
                    .isTrue();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while diod ended", e);
        }
    }

    @Override
    public void close() {
        kill();
        try (Stream<Path> files = Files.list(runtime)) {
            for (final Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(runtime);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
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

    private Path log() {
        return runtime.resolve("log");
    }

    private boolean accepts() {
        try (SocketChannel probe = SocketChannel.open(address)) {
            return probe.isConnected();
        } catch (final IOException e) {
            return false;
        }
    }

    private InetSocketAddress awaitPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), awaitUp("to listen", this::listeningPort));
    }

    private <T> T awaitUp(final String doing, final Callable<Optional<T>> probe) {
        return await("diod " + doing)
                .atMost(STARTS_WITHIN)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .failFast("diod has ended: see its log, " + log(), () -> !process.isAlive())
                .until(probe, Optional::isPresent)
                .orElseThrow();
    }

    /** Returns the port of the process's listening socket. Finds the socket in {@code /proc} by its inode. */
    private Optional<Integer> listeningPort() throws IOException {
        final Collection<String> open = ProcessFiles.of(process.pid()).values();
        return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                .map(line -> line.trim().split("\\s+"))
                .filter(fields -> fields[3].equals(TCP_LISTEN) && open.contains("socket:[" + fields[9] + "]"))
                .map(fields -> Integer.parseInt(fields[1].substring(fields[1].indexOf(':') + 1), 16))
                .findFirst();
    }
}
