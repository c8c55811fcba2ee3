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
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** A server that is one process for all channels. The process has exited once this is closed. */
abstract class ServerProcess implements RealServer {
    private static final Duration STARTS_WITHIN = Duration.ofSeconds(60);
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(20);

    private final Path export;
    private final Path runtime;
    private volatile Process process;

    /**
     * Starts the process.
     *
     * @param runtime the directory of its files, from {@link #makeRuntime}
     */
    ServerProcess(final Path export, final Path runtime, final List<String> command) throws IOException {
        this.export = export;
        this.runtime = runtime;
        this.process = start(command);
    }

    private Process start(final List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .directory(runtime.toFile())
                .redirectErrorStream(true)
                .redirectOutput(runtime.resolve("output").toFile())
                .start();
    }

    /** Starts the process again after its end. */
    final void startAgain(final List<String> command) throws IOException {
        process = start(command);
    }

    /** Creates the directory of a server's files. */
    static Path makeRuntime() throws IOException {
        // Not in the build directory, whose path may be long: a socket's path has at most 107 bytes.
        return Files.createTempDirectory(Path.of("/tmp"), "ninepin-server");
    }

    /** Returns the path of the server's UNIX socket in the directory of its files. */
    static Path socketIn(final Path runtime) {
        return runtime.resolve("socket");
    }

    /** Blocks until {@code probe} has a result. If the server does not start, its files stay for a person to read. */
    final <T> T awaitStart(final Callable<Optional<T>> probe) {
        try {
            return await("the server to start: see " + runtime)
                    .atMost(STARTS_WITHIN)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .failFast("the server has ended: see " + runtime, () -> !process.isAlive())
                    .until(probe, Optional::isPresent)
                    .orElseThrow();
        } catch (final Throwable e) {
            kill();
            throw e;
        }
    }

    @Override
    public ByteString aname() {
        return ByteString.of(export.toString());
    }

    /** Returns the path of the UNIX socket that leads to the server. */
    public Path socket() {
        return socketIn(runtime);
    }

    @Override
    public ProcessHandle process() {
        return process.toHandle();
    }

    @Override
    public boolean hasEnded() {
        return !process.isAlive();
    }

    @Override
    public void kill() {
        kill(process());
    }

    /** Kills a process as {@code kill -9} does, and blocks until it has exited. */
    static void kill(final ProcessHandle process) {
        process.destroyForcibly();
        awaitEnd(process);
    }

    static void awaitEnd(final ProcessHandle process) {
        assertThat(process.onExit()).as("the end of %s", process.info()).succeedsWithin(ENDS_WITHIN);
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
}
