package dev.ninepin.daemon;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The end of this process, be it by itself or by SIGINT, SIGTERM or SIGHUP. While there is something to clean up, a
 * signal starts the cleaning, and the process ends with the exit code of its main thread, not with the signal's.
 */
public final class ProcessEnd {
    /** More than the orderly end of a mount takes, whose server may not answer any more. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final AtomicReference<@Nullable Runnable> onSignal = new AtomicReference<>();

    /** Whether the main thread is in {@link #exitWith}, which ends with an exit code. */
    private volatile boolean running;

    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    private ProcessEnd() {}

    /** Takes charge of the end of this process. Once per process. */
    public static ProcessEnd takeCharge() {
        final ProcessEnd end = new ProcessEnd();
        Runtime.getRuntime().addShutdownHook(new Thread(end::signalled, "ninepin-end"));
        return end;
    }

    /**
     * Has {@code action} run when a signal comes, on a thread of its own. It must bring the main thread to call
     * the end of what {@link #exitWith} runs, which the process then waits for.
     */
    public void onSignal(final Runnable action) {
        onSignal.set(action);
    }

    /**
     * Runs what this process is for, and ends the process with the exit code that it returns; with
     * {@link ExitCode#SYSTEM} if it throws, which is a fault of ours or of the installation. Does not return.
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

    /** The JVM calls this at its end; once there is an exit code there is nothing left to do. */
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
            // The main thread hangs: the end must come all the same.
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // The only way to end with a code of our own from within a signal's shutdown.
        Runtime.getRuntime().halt(code);
    }
}
