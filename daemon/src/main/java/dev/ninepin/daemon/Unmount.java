package dev.ninepin.daemon;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code ninepin umount}: asks the daemon to unmount, and waits until it is gone. */
public final class Unmount {
    /** What a daemon may take to unmount, end its session and stop its server. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What a lazy unmount waits for a daemon that has nobody left to serve. */
    private static final Duration LAZY_PATIENCE = Duration.ofSeconds(3);

    private static final long POLL_MILLIS = 5;

    private final Mounts mounts;
    private final Path mountPoint;
    private final boolean lazy;

    Unmount(final Mounts mounts, final Path mountPoint, final boolean lazy) {
        this.mounts = mounts;
        this.mountPoint = mountPoint;
        this.lazy = lazy;
    }

    /**
     * Unmounts {@code directory}; when this returns nothing is left of the mount, unless {@code lazy} and in use.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if it is in use or can't be unmounted, with
     *     {@link ExitCode#USAGE} if there is nothing of ours
     */
    public static void run(final String directory, final boolean lazy) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        new Unmount(mounts, MountPoint.resolve(SourceParser.path(directory), mounts.table()), lazy).run();
    }

    /**
     * Unmounts {@code directory} even if it is in use: the programs that use it get errors. Returns when the daemon has
     * ended.
     *
     * @throws NinepinException as {@link #run(String, boolean)}
     */
    public static void force(final String directory) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        new Unmount(mounts, MountPoint.resolve(SourceParser.path(directory), mounts.table()), false).force();
    }

    /**
     * Takes away what a daemon that was killed has left of {@code request}; does nothing if there is nothing, or the
     * daemon lives.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if it can't be taken away
     */
    public static void clearDead(final MountRequest request) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        final Path mountPoint = request.mountPoint();
        if (mounts.table().ninepinAt(mountPoint).isEmpty()) {
            return;
        }
        try {
            new Unmount(mounts, mountPoint, true)
                    .ask(mounts.directory().socket(mountPoint), ControlMessages.PING, Mounts.PATIENCE);
        } catch (final SocketException e) {
            new DeadMount(mounts, mountPoint).clear(true, e);
        } catch (final IOException e) {
            throw failed(mountPoint, "its daemon lives, but does not answer (" + e.getMessage() + ")", e);
        }
    }

    /** That {@code mountPoint} could not be unmounted, and why. */
    static NinepinException failed(final Path mountPoint, final String reason, final @Nullable Exception cause) {
        return new NinepinException(ExitCode.MOUNT_FAILED, "cannot unmount " + mountPoint + ": " + reason, cause);
    }

    void run() throws NinepinException {
        final Path socket = mounts.directory().socket(mountPoint);
        final Optional<ProcessHandle> daemon = daemon(socket, lazy);
        if (daemon.isPresent()) {
            unmount(socket, daemon.get());
            awaitEnd(daemon.get(), lazy ? LAZY_PATIENCE : PATIENCE);
        }
    }

    /** SIGTERM is what ends a mount without regard to its users. */
    private void force() throws NinepinException {
        final Optional<ProcessHandle> daemon = daemon(mounts.directory().socket(mountPoint), true);
        if (daemon.isPresent()) {
            daemon.get().destroy();
            awaitEnd(daemon.get(), PATIENCE);
        }
    }

    /**
     * The daemon that serves the mount; empty if it has ended, and what it left is cleared away.
     *
     * @param evenInUse whether a mount that it left is cleared away while it is in use
     */
    private Optional<ProcessHandle> daemon(final Path socket, final boolean evenInUse) throws NinepinException {
        try {
            return ProcessHandle.of(
                    ask(socket, ControlMessages.PING, Mounts.PATIENCE).pid());
        } catch (final SocketException e) {
            new DeadMount(mounts, mountPoint).clear(evenInUse, e);
            return Optional.empty();
        } catch (final IOException e) {
            throw failed("its daemon does not answer (" + e.getMessage() + ")" + withoutDaemon(), e);
        }
    }

    private void unmount(final Path socket, final ProcessHandle daemon) throws NinepinException {
        final ControlMessages.Reply reply;
        try {
            reply = ask(socket, ControlMessages.UNMOUNT, PATIENCE);
        } catch (final EOFException e) {
            // It is about to end. The kernel lets it go as soon as the mount is gone, and answers the unmount itself
            // only when it has forgotten all files, which may be many.
            awaitEnd(daemon, lazy ? LAZY_PATIENCE : PATIENCE);
            if (Mounts.ofCurrentUser().table().ninepinAt(mountPoint).isPresent()) {
                throw failed("its daemon (pid " + daemon.pid() + ") ended before that" + withoutDaemon(), e);
            }
            return;
        } catch (final IOException e) {
            if (hasEnded(daemon)) {
                // For another reason, at this very moment: there is nothing left to do.
                return;
            }
            throw failed("its daemon (pid " + daemon.pid() + ") does not answer" + withoutDaemon(), e);
        }
        if (ControlMessages.BUSY.equals(reply.error())) {
            throw failed(
                    "it is in use (fuser -vm " + ShellText.quote(mountPoint) + " shows by whom); ninepin umount -l "
                            + ShellText.quote(mountPoint) + " takes it away all the same",
                    null);
        }
        if (reply.error() != null) {
            throw failed(String.valueOf(reply.message()), null);
        }
    }

    private ControlMessages.Reply ask(final Path socket, final String request, final Duration patience)
            throws IOException {
        return ControlClient.ask(mounts.directory(), socket, new ControlMessages.Request(request, lazy), patience);
    }

    private void awaitEnd(final ProcessHandle daemon, final Duration patience) throws NinepinException {
        final long deadline = System.nanoTime() + patience.toNanos();
        while (!hasEnded(daemon)) {
            if (System.nanoTime() - deadline > 0) {
                if (lazy) {
                    return;
                }
                throw failed("it is unmounted, but its daemon (pid " + daemon.pid() + ") has not ended", null);
            }
            pause();
        }
    }

    /**
     * A process that has ended stays in the table until its parent asks for its exit code. In a container the parent may
     * be one that asks late, or never.
     */
    private static boolean hasEnded(final ProcessHandle process) {
        if (!process.isAlive()) {
            return true;
        }
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.anyMatch(line -> line.startsWith("State:\tZ"));
        } catch (final IOException | UncheckedIOException e) {
            // It went away while we looked.
            return !process.isAlive();
        }
    }

    private NinepinException failed(final String reason, final @Nullable Exception cause) {
        return failed(mountPoint, reason, cause);
    }

    private String withoutDaemon() {
        return "; umount -l " + ShellText.quote(mountPoint) + " takes the mount away without it";
    }

    private static void pause() throws NinepinException {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw NinepinException.interrupted();
        }
    }
}
