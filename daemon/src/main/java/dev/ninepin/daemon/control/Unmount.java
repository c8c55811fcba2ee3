package dev.ninepin.daemon.control;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.MountTarget;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.ProcSelf;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.ShellText;
import dev.ninepin.daemon.options.SourceParser;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The {@code ninepin umount} command. It asks the daemon to unmount and waits until the daemon has ended. If the daemon
 * cannot be asked, it unmounts directly.
 */
public final class Unmount {
    /** The time that a daemon has to unmount, end its session and stop its server. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /**
     * The time that a lazy unmount waits for the daemon's reply, and for the daemon's end unless copies keep it
     * running.
     */
    private static final Duration LAZY_PATIENCE = Duration.ofSeconds(3);

    /** The maximum number of copies that the message names. */
    private static final int NAMED_COPIES = 3;

    private static final long POLL_MILLIS = 5;

    private final Mounts mounts;
    private final Path mountPoint;
    private final Path socket;
    private final boolean lazy;

    /** The start of this command. If someone else has unmounted the directory since then, the command has succeeded. */
    private final Instant started;

    Unmount(final Mounts mounts, final Path mountPoint, final boolean lazy, final Instant started) {
        this.mounts = mounts;
        this.mountPoint = mountPoint;
        this.socket = mounts.directory().socket(mountPoint);
        this.lazy = lazy;
        this.started = started;
    }

    /**
     * Unmounts {@code directory}. When this method returns, the mount and its daemon are gone. Only copies of the mount,
     * and files left open by a lazy unmount, keep the daemon running.
     *
     * @param lazy whether to detach the mount even if it is in use
     * @return a message about what keeps the daemon running, if anything does
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the mount is in use or the unmount fails, with
     *     {@link ExitCode#USAGE} if no Ninepin mount of this user is on the directory
     */
    public static Optional<String> run(final String directory, final boolean lazy) throws NinepinException {
        return of(directory, lazy).run();
    }

    /**
     * Unmounts {@code directory} even if it is in use; the programs that use it get errors. Returns when the daemon has
     * ended. If the daemon does not answer, detaches the mount without it.
     *
     * @throws NinepinException as for {@link #run(String, boolean)}
     */
    public static Optional<String> force(final String directory) throws NinepinException {
        return of(directory, true).force();
    }

    private static Unmount of(final String directory, final boolean lazy) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        final Path mountPoint = MountTarget.resolve(SourceParser.path(directory), mounts.table());
        try {
            return new Unmount(mounts, mountPoint, lazy, ProcSelf.started());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the start of this process is not known: " + Reason.of(e), e);
        }
    }

    /**
     * Removes the mount that a killed daemon has left on {@code mountPoint}. Does nothing if no Ninepin mount is there
     * or its daemon is alive.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the mount cannot be removed, or the daemon is
     *     alive but does not answer
     */
    public static void clearDead(final Path mountPoint) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        if (mounts.table().ninepinAt(mountPoint).isEmpty()) {
            return;
        }
        try {
            ControlClient.ask(
                    mounts.directory(),
                    mounts.directory().socket(mountPoint),
                    new ControlMessages.Request(ControlMessages.PING, false),
                    Mounts.PATIENCE);
        } catch (final SocketException | EOFException e) {
            DirectUnmount.clearDead(mounts, mountPoint);
        } catch (final IOException e) {
            throw failed(
                    mountPoint,
                    "its daemon is running but does not answer (" + e.getMessage() + ")"
                            + adviseUnmountWithoutDaemon(mountPoint),
                    e);
        }
    }

    /** Creates the exception for a failed unmount of {@code mountPoint}. */
    static NinepinException failed(final Path mountPoint, final String reason, final @Nullable Exception cause) {
        return new NinepinException(ExitCode.MOUNT_FAILED, "cannot unmount " + mountPoint + ": " + reason, cause);
    }

    Optional<String> run() throws NinepinException {
        return withDaemon(this::unmount);
    }

    /** Sends SIGTERM to the daemon, which then unmounts even if the mount is in use. */
    private Optional<String> force() throws NinepinException {
        return withDaemon(daemon -> {
            daemon.destroy();
            if (!awaitEnd(daemon, PATIENCE)) {
                throw newDaemonStillRunningException(daemon);
            }
            return Optional.empty();
        });
    }

    /** An action on the running daemon of the mount. */
    @FunctionalInterface
    private interface Action {
        Optional<String> run(ProcessHandle daemon) throws NinepinException;
    }

    /** Runs {@code action} if the daemon answers and is in this mount namespace. Otherwise unmounts directly. */
    private Optional<String> withDaemon(final Action action) throws NinepinException {
        final long pid;
        try {
            pid = ask(ControlMessages.PING, lazy ? LAZY_PATIENCE : Mounts.PATIENCE)
                    .pid();
        } catch (final SocketException | EOFException e) {
            return unmountDead(e);
        } catch (final IOException e) {
            return unmountHung(e);
        }
        if (isInOtherMountNamespace(pid)) {
            // The daemon's own mount is in another mount namespace. This namespace has at most a copy of it.
            new DirectUnmount(mounts, mountPoint, lazy).run(null);
            return Optional.empty();
        }
        final Optional<ProcessHandle> daemon = ProcessHandle.of(pid);
        return daemon.isPresent() ? action.run(daemon.get()) : Optional.empty();
    }

    private Optional<String> unmountDead(final IOException cause) throws NinepinException {
        if (mounts.table().ninepinAt(mountPoint).isEmpty() && mounts.directory().isUnmountedSince(socket, started)) {
            return Optional.empty();
        }
        new DirectUnmount(mounts, mountPoint, lazy).run(cause);
        freeName();
        return Optional.empty();
    }

    private Optional<String> unmountHung(final IOException cause) throws NinepinException {
        if (!lazy) {
            throw failed(
                    "its daemon does not answer (" + cause.getMessage() + ")" + adviseUnmountWithoutDaemon(mountPoint),
                    cause);
        }
        new DirectUnmount(mounts, mountPoint, true).run(cause);
        freeName();
        return Optional.of(mountPoint + " is unmounted, but its daemon does not answer; it ends when it answers again");
    }

    private Optional<String> unmount(final ProcessHandle daemon) throws NinepinException {
        final ControlMessages.Reply reply;
        try {
            reply = ask(ControlMessages.UNMOUNT, lazy ? LAZY_PATIENCE : PATIENCE);
        } catch (final EOFException e) {
            // The daemon is about to end. The kernel disconnects it as soon as the mount is gone. The unmount itself
            // completes only after the kernel has dropped all inodes, which can take long.
            if (!awaitEnd(daemon, PATIENCE)) {
                throw newDaemonStillRunningException(daemon);
            }
            if (Mounts.ofCurrentUser().table().ninepinAt(mountPoint).isPresent()) {
                throw failed(
                        "its daemon (pid " + daemon.pid() + ") ended before the unmount was complete"
                                + adviseUnmountWithoutDaemon(mountPoint),
                        e);
            }
            return Optional.empty();
        } catch (final SocketException e) {
            return awaitEndAfterConcurrentUnmount(daemon);
        } catch (final IOException e) {
            if (hasEnded(daemon)) {
                // The daemon ended for another reason in the meantime. Nothing is left to unmount.
                return Optional.empty();
            }
            return unmountHung(e);
        }
        if (ControlMessages.BUSY.equals(reply.error())) {
            throw failed(describeUse() + "; to detach the mount anyway: " + lazyUnmountCommand(mountPoint), null);
        }
        if (reply.error() != null) {
            throw failed(String.valueOf(reply.message()), null);
        }
        return awaitEnd(daemon, reply.copies());
    }

    /** Waits for the end of {@code daemon} after a concurrent unmount has moved its socket to another name. */
    private Optional<String> awaitEndAfterConcurrentUnmount(final ProcessHandle daemon) throws NinepinException {
        final List<MountStatus.Copy> copies = mounts.statusOfAll().stream()
                .filter(status -> status.pid() == daemon.pid())
                .findFirst()
                .map(MountStatus::copies)
                .orElse(null);
        return awaitEnd(daemon, copies);
    }

    /** Waits for the end of {@code daemon}, unless {@code copies} keep it running. */
    private Optional<String> awaitEnd(final ProcessHandle daemon, final @Nullable List<MountStatus.Copy> copies)
            throws NinepinException {
        if (copies != null && !copies.isEmpty()) {
            return Optional.of(describeCopies(copies, daemon));
        }
        if (awaitEnd(daemon, lazy || copies != null ? LAZY_PATIENCE : PATIENCE) || lazy) {
            return Optional.empty();
        }
        if (copies == null) {
            throw newDaemonStillRunningException(daemon);
        }
        return Optional.of(mountPoint + " is unmounted, but its daemon (pid " + daemon.pid()
                + ") keeps running: an open file or a mount namespace that this user cannot inspect still uses it");
    }

    /** Returns why the mount is busy. Looks for mounts below it as well, because fuser(1) does not show them. */
    private String describeUse() throws NinepinException {
        return Mounts.ofCurrentUser().table().entries().stream()
                .filter(entry -> entry.mountPoint().startsWith(mountPoint + "/"))
                .findFirst()
                .map(below -> below.source() + " is mounted on " + below.mountPoint() + ": unmount that first")
                .orElse("it is in use (fuser -vm " + ShellText.quote(mountPoint) + " lists the processes)");
    }

    private String describeCopies(final List<MountStatus.Copy> copies, final ProcessHandle daemon) {
        final int others = copies.size() - NAMED_COPIES;
        return mountPoint + " is unmounted, but the share is still mounted on "
                + copies.stream()
                        .limit(NAMED_COPIES)
                        .map(MountStatus.Copy::describe)
                        .collect(Collectors.joining(", "))
                + (others > 0 ? ", and in " + others + " other places" : "")
                + "; its daemon (pid " + daemon.pid() + ") runs until all copies are unmounted";
    }

    private void freeName() throws NinepinException {
        try {
            ControlSocket.free(mounts.directory(), mountPoint);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.MOUNT_FAILED,
                    mountPoint + " is unmounted, but its control socket cannot be removed: " + e.getMessage(),
                    e);
        }
    }

    private ControlMessages.Reply ask(final String request, final Duration patience) throws IOException {
        return ControlClient.ask(mounts.directory(), socket, new ControlMessages.Request(request, lazy), patience);
    }

    /** Waits up to {@code patience} for the end of {@code daemon}, and returns whether it has ended. */
    private static boolean awaitEnd(final ProcessHandle daemon, final Duration patience) throws NinepinException {
        final long deadline = System.nanoTime() + patience.toNanos();
        while (!hasEnded(daemon)) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            pause();
        }
        return true;
    }

    /** Returns whether process {@code pid} is in another mount namespace; false if the namespace cannot be read. */
    private static boolean isInOtherMountNamespace(final long pid) {
        try {
            return !Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "ns/mnt"))
                    .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
        } catch (final IOException e) {
            return false;
        }
    }

    /**
     * Returns whether {@code process} has ended. A zombie counts as ended: in a container, the parent process may
     * collect the exit code late or never.
     */
    private static boolean hasEnded(final ProcessHandle process) {
        if (!process.isAlive()) {
            return true;
        }
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.anyMatch(line -> line.startsWith("State:\tZ"));
        } catch (final IOException | UncheckedIOException e) {
            // The process ended while its status was read.
            return !process.isAlive();
        }
    }

    /** Creates the exception for a daemon that has not ended in time. It may not have unmounted the directory yet. */
    private NinepinException newDaemonStillRunningException(final ProcessHandle daemon) throws NinepinException {
        final String running =
                "its daemon (pid " + daemon.pid() + ") is still running after " + PATIENCE.toSeconds() + " s";
        if (Mounts.ofCurrentUser().table().ninepinAt(mountPoint).isPresent()) {
            return failed(running + adviseUnmountWithoutDaemon(mountPoint), null);
        }
        return new NinepinException(
                ExitCode.MOUNT_FAILED,
                mountPoint + " is unmounted, but " + running + "; if it does not end: kill -KILL " + daemon.pid(),
                null);
    }

    private NinepinException failed(final String reason, final @Nullable Exception cause) {
        return failed(mountPoint, reason, cause);
    }

    private static String adviseUnmountWithoutDaemon(final Path mountPoint) {
        return "; to detach the mount without the daemon: " + lazyUnmountCommand(mountPoint);
    }

    private static String lazyUnmountCommand(final Path mountPoint) {
        return "ninepin umount -l " + ShellText.quote(mountPoint);
    }

    private static void pause() throws NinepinException {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NinepinException(ExitCode.INTERRUPTED, "interrupted while waiting for the daemon to end", e);
        }
    }
}
