package dev.ninepin.virtio.qemu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A child process that runs QEMU, and ends when this process ends for any reason.
 *
 * <p>The thread {@code ninepin-qemu} starts the process, then reads its standard error, and waits for its end. One
 * thread must do both: the kernel sends the parent-death signal (prctl(2), PR_SET_PDEATHSIG) when the <i>thread</i>
 * that started the process ends.
 */
final class QemuServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QemuServer.class);
    private static final int SIGNAL_BASE = 128;

    /** The longest wait for QEMU's exit status after QEMU has closed the connection. */
    private static final long OBITUARY_SECONDS = 5;

    private final CompletableFuture<Process> started = new CompletableFuture<>();
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private final Thread owner;

    private QemuServer(final List<String> command) {
        this.owner = new Thread(() -> run(command), "ninepin-qemu");
        // A daemon thread, so that a caller that forgets to close does not keep the JVM running. QEMU ends with the
        // JVM.
        owner.setDaemon(true);
    }

    /** Starts {@code command}, a QEMU that speaks qtest on its standard input and output. */
    static QemuServer start(final List<String> command) throws IOException {
        final QemuServer server = new QemuServer(command);
        server.owner.start();
        try {
            server.process();
        } catch (final IOException e) {
            server.kill();
            throw e;
        }
        return server;
    }

    /** Opens the qtest connection to the process. */
    QtestConnection qtest() throws IOException {
        final Process process = process();
        return new QtestConnection(process.getOutputStream(), process.getInputStream(), this::exitReason);
    }

    /** Registers {@code action}, to be called with the reason once QEMU has ended for any cause. */
    void onEnd(final Consumer<IOException> action) {
        final CompletableFuture<Void> unused = ended.thenAccept(words -> action.accept(new IOException(words)));
    }

    /** Kills QEMU, and blocks until it has ended. Unanswered requests are lost. Any thread; later calls do nothing. */
    @Override
    public void close() {
        kill();
        boolean interrupted = false;
        while (owner.isAlive()) {
            try {
                owner.join();
            } catch (final InterruptedException e) {
                // The process is killed, so the wait is short. Giving up the wait could leave the process behind.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Kills QEMU, without waiting for its end. */
    void kill() {
        final CompletableFuture<Process> unused = started.thenApply(Process::destroyForcibly);
    }

    private Process process() throws IOException {
        try {
            return started.get();
        } catch (final ExecutionException e) {
            final @Nullable Throwable cause = e.getCause();
            throw new IOException("QEMU can't be started: " + (cause == null ? "" : cause.getMessage()), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while QEMU was started", e);
        }
    }

    /** Returns why QEMU has closed the connection. */
    private IOException exitReason() {
        try {
            return new IOException(ended.get(OBITUARY_SECONDS, TimeUnit.SECONDS));
        } catch (final TimeoutException | ExecutionException e) {
            return new IOException("QEMU has hung up", e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return new IOException("QEMU has hung up", e);
        }
    }

    private void run(final List<String> command) {
        final Process process;
        try {
            process = new ProcessBuilder(command).start();
        } catch (final IOException e) {
            started.completeExceptionally(e);
            return;
        }
        LOG.debug("QEMU {}: {}", process.pid(), command);
        started.complete(process);
        final QemuWords words = new QemuWords(QemuChannel.QEMU, command);
        try (BufferedReader errors =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = errors.readLine(); line != null; line = errors.readLine()) {
                LOG.debug("QEMU {}: {}", process.pid(), line);
                words.add(line);
            }
        } catch (final IOException e) {
            LOG.debug("the last words of QEMU {} are lost", process.pid(), e);
        }
        ended.complete(describeEnd(waitFor(process), words.reason()));
    }

    private static int waitFor(final Process process) {
        while (true) {
            try {
                return process.waitFor();
            } catch (final InterruptedException e) {
                LOG.debug("nobody interrupts this thread, and it has only this to do", e);
            }
        }
    }

    private String describeEnd(final int status, final String lastWords) {
        final String how = status > SIGNAL_BASE
                ? "was killed by signal " + (status - SIGNAL_BASE)
                : "exited with status " + status;
        return "QEMU " + how + (lastWords.isEmpty() ? "" : ": " + lastWords);
    }
}
