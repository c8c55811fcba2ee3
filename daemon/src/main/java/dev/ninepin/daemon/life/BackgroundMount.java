package dev.ninepin.daemon.life;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.daemon.control.Unmount;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.options.MountRequest;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A mount that a second process serves. It starts a {@link Daemon} and waits until its mount is usable. A second
 * process is needed because a JVM cannot fork.
 */
public final class BackgroundMount {
    /** The time that a cancelled daemon has to clean up before it is killed. */
    private static final Duration GRACE = Duration.ofSeconds(20);

    /** The maximum amount of the daemon's standard error that is kept, in bytes. */
    private static final int KEPT = 64 << 10;

    private final MountRequest request;

    /**
     * The stream to which the daemon's standard error is copied. If null, the text is kept for the message in case the
     * daemon dies.
     */
    private final @Nullable OutputStream passOn;

    @GuardedBy("kept")
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    @GuardedBy("this")
    private boolean cancelled;

    @GuardedBy("this")
    private @Nullable Process daemon;

    public BackgroundMount(final MountRequest request, final @Nullable OutputStream passOn) {
        this.request = request;
        this.passOn = passOn;
    }

    /**
     * Starts the daemon and blocks until its mount is usable.
     *
     * @return a warning from the daemon, if there is one
     * @throws NinepinException with the daemon's own message and exit code if the mount failed
     */
    public Optional<String> start() throws NinepinException {
        request.check();
        try {
            final Process process = launch();
            final Thread errors = new Thread(() -> drain(process.getErrorStream()), "ninepin-daemon-stderr");
            errors.setDaemon(true);
            errors.start();
            return await(process, errors);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.SYSTEM, "the daemon's process could not be started: " + Reason.of(e), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw NinepinException.interrupted();
        }
    }

    /**
     * Ends the daemon if its mount is not usable yet; {@link #start} then fails with {@link ExitCode#INTERRUPTED}.
     * Thread-safe.
     */
    public synchronized void cancel() {
        cancelled = true;
        if (daemon != null) {
            // Process.destroy() would close the pipe that carries the daemon's last output.
            daemon.toHandle().destroy();
        }
    }

    private synchronized Process launch() throws IOException, NinepinException {
        if (cancelled) {
            throw NinepinException.interrupted();
        }
        final Process process = new ProcessBuilder(JavaCommand.of(Daemon.class, request.words()))
                .redirectInput(new File("/dev/null"))
                .start();
        daemon = process;
        return process;
    }

    private Optional<String> await(final Process process, final Thread errors)
            throws IOException, InterruptedException, NinepinException {
        final BufferedReader output = process.inputReader(UTF_8);
        final String first = output.readLine();
        if (first != null && first.startsWith(Daemon.READY)) {
            return Optional.of(first.substring(Daemon.READY.length()).strip()).filter(warning -> !warning.isEmpty());
        }
        final String rest = output.lines().collect(Collectors.joining("\n"));
        if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
        }
        errors.join(GRACE.toMillis());
        synchronized (this) {
            if (cancelled) {
                throw NinepinException.interrupted();
            }
        }
        if (first != null && first.startsWith(Daemon.FAILED)) {
            throw new NinepinException(exitCode(process.exitValue()), rest, null);
        }
        final NinepinException reason =
                died(process.exitValue(), String.join("\n", first == null ? "" : first, rest, saying()));
        try {
            // Removes a dead mount at once. A user who is told that the mount failed has no reason to unmount.
            Unmount.clearDead(request.mountPoint());
        } catch (final NinepinException e) {
            reason.addSuppressed(e);
        }
        throw reason;
    }

    /**
     * Creates the exception for a daemon that died without reporting why, such as one that the JVM ended.
     *
     * @param said the daemon's output
     */
    private static NinepinException died(final int status, final String said) {
        final String words = said.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("\tat "))
                .map(String::strip)
                .collect(Collectors.joining("; "));
        return new NinepinException(
                ExitCode.SYSTEM,
                ProcessLimit.sentence(said)
                        .orElse("the daemon exited with status " + status + " before the mount was usable"
                                + (words.isEmpty() ? "" : "; its output: " + words)
                                + "; to see its log: ninepin mount -f -v"),
                null);
    }

    private static ExitCode exitCode(final int status) {
        for (final ExitCode code : ExitCode.values()) {
            if (code.code() == status) {
                return code;
            }
        }
        return ExitCode.SYSTEM;
    }

    private String saying() {
        synchronized (kept) {
            return kept.toString(UTF_8);
        }
    }

    private void drain(final InputStream errors) {
        final byte[] part = new byte[4096];
        try {
            int count = errors.read(part);
            while (count >= 0) {
                if (passOn != null) {
                    passOn.write(part, 0, count);
                    passOn.flush();
                } else {
                    keep(part, count);
                }
                count = errors.read(part);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void keep(final byte[] part, final int count) {
        synchronized (kept) {
            kept.write(part, 0, Math.min(count, KEPT - kept.size()));
        }
    }
}
