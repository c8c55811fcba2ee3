package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.ExitCode;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The end of this process, by itself or on SIGINT, SIGTERM or SIGHUP. If cleanup is needed, the signal starts it. The
 * process then ends with the exit code of its main thread instead of the signal's.
 */
public final class ProcessEnd {
    /** The time limit for a mount's orderly end. It allows for a server that does not answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final AtomicReference<@Nullable Runnable> onSignal = new AtomicReference<>();

    /** Whether the main thread is in {@link #exitWith}, and so will deliver an exit code. */
    private volatile boolean running;

    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    private ProcessEnd() {}

    /** Installs a shutdown hook. Called once per process. */
    public static ProcessEnd takeCharge() {
        final ProcessEnd end = new ProcessEnd();
        Runtime.getRuntime().addShutdownHook(new Thread(end::signalled, "ninepin-end"));
        return end;
    }

    /**
     * Sets the action to run when a signal arrives. It runs on a thread of its own and must make the body of {@link
     * #exitWith} return. The process waits for that before it ends.
     */
    public void onSignal(final Runnable action) {
        onSignal.set(action);
    }

    /**
     * Runs {@code body} and ends the process with the exit code that it returns. If it throws, the exit code is {@link
     * ExitCode#SYSTEM}, because the program or its installation is faulty. Does not return.
     */
    public void exitWith(final Callable<Integer> body) {
        running = true;
        int code = ExitCode.SYSTEM.code();
        try {
            code = body.call();
        } catch (final Exception | LinkageError e) {
            final Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        } finally {
            exitCode.complete(code);
        }
        System.exit(code);
    }

    /** Runs in the JVM's shutdown hook. Does nothing if the exit code is already known. */
    private void signalled() {
        final Runnable action = onSignal.get();
        if (!running || exitCode.isDone() || action == null) {
            return;
        }
        action.run();
        int code = ExitCode.SYSTEM.code();
        try {
            code = exitCode.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (final TimeoutException | ExecutionException e) {
            // The main thread hangs. The process ends regardless.
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // Only halt() can set an exit code after a signal has started the shutdown.
        Runtime.getRuntime().halt(code);
    }
}
