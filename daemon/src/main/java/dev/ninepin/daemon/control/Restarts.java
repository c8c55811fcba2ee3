package dev.ninepin.daemon.control;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.MountTarget;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.options.SourceParser;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client side of {@code ninepin restart}. Asks a daemon to replace its program, and waits until the new program
 * serves the mount.
 */
public final class Restarts {
    /** How long a daemon may take to check the new program and to finish its requests. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** How long the new program may take until it serves the mount. */
    private static final Duration START_PATIENCE = Duration.ofSeconds(90);

    private static final long POLL_MILLIS = 20;

    private final Mounts mounts;

    private Restarts(final Mounts mounts) {
        this.mounts = mounts;
    }

    /** Returns the directories of all mounts of this user. */
    public static List<Path> all() throws NinepinException {
        return Mounts.ofCurrentUser().statusOfAll().stream()
                .map(status -> Path.of(status.mountPoint()))
                .toList();
    }

    /**
     * Replaces the program that serves the mount on a directory. Returns when the installed program serves the mount.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the program cannot be replaced, with {@link
     *     ExitCode#USAGE} if no Ninepin mount of this user is on the directory
     */
    public static void run(final String directory) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        new Restarts(mounts).run(MountTarget.resolve(SourceParser.path(directory), mounts.table()));
    }

    private void run(final Path mountPoint) throws NinepinException {
        final long pid;
        try {
            pid = ask(mountPoint, ControlMessages.PING, Mounts.PATIENCE).pid();
        } catch (final SocketException | EOFException e) {
            throw mounts.newNotServedException(mountPoint, e);
        } catch (final IOException e) {
            throw failed(mountPoint, "its daemon does not answer (" + Reason.of(e) + ")", e);
        }
        try {
            final ControlMessages.Reply reply = ask(mountPoint, ControlMessages.RESTART, PATIENCE);
            throw failed(mountPoint, String.valueOf(reply.message()), null);
        } catch (final EOFException e) {
            awaitNewProgram(mountPoint, pid);
        } catch (final IOException e) {
            throw failed(mountPoint, Reason.of(e), e);
        }
    }

    /** Blocks until the new program of a daemon answers, which it does once it serves the mount. */
    private void awaitNewProgram(final Path mountPoint, final long pid) throws NinepinException {
        final long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        while (true) {
            final long left = deadline - System.nanoTime();
            try {
                if (ask(mountPoint, ControlMessages.PING, Duration.ofNanos(Math.max(left, 0)))
                                .pid()
                        == pid) {
                    return;
                }
            } catch (final SocketException | EOFException e) {
                // The new program has not opened its socket yet.
                if (left <= 0) {
                    throw notBack(mountPoint, e);
                } else if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
                    throw failed(mountPoint, "the new program has ended; see its log", e);
                }
            } catch (final IOException e) {
                throw notBack(mountPoint, e);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new NinepinException(ExitCode.INTERRUPTED, "interrupted while waiting for the new program", e);
            }
        }
    }

    private static NinepinException notBack(final Path mountPoint, final IOException cause) {
        return failed(
                mountPoint,
                "the new program does not serve it after " + START_PATIENCE.toSeconds()
                        + " s; programs wait until it reaches the server",
                cause);
    }

    private ControlMessages.Reply ask(final Path mountPoint, final String request, final Duration patience)
            throws IOException {
        return ControlClient.ask(
                mounts.directory(),
                mounts.directory().socket(mountPoint),
                new ControlMessages.Request(request, false),
                patience);
    }

    private static NinepinException failed(
            final Path mountPoint, final String reason, final @Nullable Exception cause) {
        return new NinepinException(ExitCode.MOUNT_FAILED, "cannot restart " + mountPoint + ": " + reason, cause);
    }
}
