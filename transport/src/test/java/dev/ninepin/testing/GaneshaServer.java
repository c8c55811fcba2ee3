package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An nfs-ganesha process that exports one directory over 9P and is reached through a UNIX socket. Needs root.
 *
 * <p>nfs-ganesha listens on all addresses, so it runs in its own network namespace, where socat forwards each
 * connection of the socket to its port. Both processes end with the PID namespace that they share. The first process of
 * this namespace reads from a pipe for as long as this JVM lives. The server accepts connections once it is
 * constructed, and has exited once it is closed. Used by one thread at a time.
 */
public final class GaneshaServer implements AutoCloseable {
    private static final Duration STARTS_WITHIN = Duration.ofSeconds(60);
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(20);
    private static final int PORT = 15640;

    /** The text by which {@code /proc/net/tcp6} shows a socket that listens on the port. */
    private static final String LISTENING = ":%04X 00000000000000000000000000000000:0000 0A ".formatted(PORT);

    /**
     * The configuration. Attributes expire at once, so that the server notices changes that a test makes in the export.
     * Locks have no grace period, because the server would refuse all locks in the first 90 seconds.
     */
    private static final String CONFIGURATION = """
            NFS_CORE_PARAM {
                Protocols = 9P; NFS_Port = 20490; MNT_Port = 20480; NLM_Port = 20470; Rquota_Port = 20460;
                Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
            }
            NFSv4 { Graceless = true; }
            _9P { _9P_TCP_Port = %d; _9P_TCP_Msize = 65536; }
            EXPORT {
                Export_Id = 77; Path = "%s"; Pseudo = /share; Tag = share; Access_Type = RW; Squash = No_Root_Squash;
                Protocols = 9P; Transports = TCP; SecType = none, sys; Attr_Expiration_Time = 0; FSAL { Name = VFS; }
            }
            LOG { Default_Log_Level = EVENT; }
            """;

    private final Path export;
    private final Path runtime;
    private final Process process;

    public GaneshaServer(final Path export) throws IOException {
        this.export = export;
        // Not in the build directory, whose path may be long: a socket's path has at most 107 bytes.
        this.runtime = Files.createTempDirectory(Path.of("/tmp"), "ninepin-ganesha");
        Files.writeString(runtime.resolve("configuration"), CONFIGURATION.formatted(PORT, export));
        this.process = new ProcessBuilder(
                        "unshare",
                        "--net",
                        "--pid",
                        "--fork",
                        "--kill-child=KILL",
                        "sh",
                        "-c",
                        "ip link set lo up && { socat -b 131072 UNIX-LISTEN:socket,fork TCP:127.0.0.1:" + PORT
                                + " & ganesha.nfsd -F -f configuration -L log -p pid & exec cat; }")
                .directory(runtime.toFile())
                .redirectErrorStream(true)
                .redirectOutput(runtime.resolve("output").toFile())
                .start();
        try {
            await("nfs-ganesha to listen")
                    .atMost(STARTS_WITHIN)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .failFast("no name spaces for nfs-ganesha: see " + runtime, () -> !process.isAlive())
                    .until(this::listens);
        } catch (final Throwable e) {
            close();
            throw e;
        }
    }

    /** Returns the aname to attach to. */
    public ByteString aname() {
        return ByteString.of(export.toString());
    }

    /** Returns the path of the socket that leads to the server. */
    public Path socket() {
        return runtime.resolve("socket");
    }

    /** Returns the process with which the server ends. */
    public long pid() {
        return process.pid();
    }

    /** Kills the server as {@code kill -9} does, and blocks until it has exited. */
    public void kill() {
        // First the first process of the PID namespace, whose end ends all others. Then its parent, which waits for it.
        final List<ProcessHandle> first = process.children().toList();
        first.forEach(ProcessHandle::destroyForcibly);
        if (first.isEmpty()) {
            process.destroyForcibly();
        }
        try {
            assertThat(process.waitFor(ENDS_WITHIN.toSeconds(), TimeUnit.SECONDS))
                    .as("nfs-ganesha, pid %d, has gone", process.pid())
                    .isTrue();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while nfs-ganesha ended", e);
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

    /** Returns whether the server listens in its network namespace, which is the namespace of {@code process}. */
    private boolean listens() throws IOException {
        return Files.exists(socket())
                && Files.readString(Path.of("/proc", Long.toString(process.pid()), "net", "tcp6"))
                        .contains(LISTENING);
    }
}
