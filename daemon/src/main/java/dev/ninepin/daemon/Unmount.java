package dev.ninepin.daemon;

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
 * {@code ninepin umount}: asks the daemon to unmount, and waits until it is gone. A mount whose daemon can't be asked is
 * unmounted without it.
 */
public final class Unmount {
    /** What a daemon may take to unmount, end its session and stop its server. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** How long a lazy unmount waits for a daemon: for its answer, and for its end if nobody keeps it. */
    private static final Duration LAZY_PATIENCE = Duration.ofSeconds(3);

    /** The most copies that a person is told of. */
    private static final int NAMED_COPIES = 3;

    private static final long POLL_MILLIS = 5;

    private final Mounts mounts;
    private final Path mountPoint;
    private final Path socket;
    private final boolean lazy;

    /** An unmount by others since then is what was asked for. */
    private final Instant started;

    Unmount(final Mounts mounts, final Path mountPoint, final boolean lazy, final Instant started) {
        this.mounts = mounts;
        this.mountPoint = mountPoint;
        this.socket = mounts.directory().socket(mountPoint);
        this.lazy = lazy;
        this.started = started;
    }

    /**
     * Unmounts {@code directory}. When this returns nothing is left of the mount, unless its copies or, if {@code lazy},
     * open files keep it.
     *
     * @return what a person should know about what keeps it
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if it is in use or can't be unmounted, with
     *     {@link ExitCode#USAGE} if there is nothing of ours
     */
    public static Optional<String> run(final String directory, final boolean lazy) throws NinepinException {
        return of(directory, lazy).run();
    }

    /**
     * Unmounts {@code directory} even if it is in use: the programs that use it get errors. Returns when the daemon has
     * ended, unless it hangs.
     *
     * @throws NinepinException as {@link #run(String, boolean)}
     */
    public static Optional<String> force(final String directory) throws NinepinException {
        return of(directory, true).force();
    }

    private static Unmount of(final String directory, final boolean lazy) throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        final Path mountPoint = MountPoint.resolve(SourceParser.path(directory), mounts.table());
        try {
            return new Unmount(mounts, mountPoint, lazy, ProcSelf.started());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the start of this process is not known: " + Reason.of(e), e);
        }
    }

    /**
     * Takes away what a daemon that was killed has left on {@code mountPoint}; does nothing if there is nothing, or the
     * daemon lives.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if it can't be taken away
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
                    "its daemon lives, but does not answer (" + e.getMessage() + "); " + lazily(mountPoint),
                    e);
        }
    }

    /** That {@code mountPoint} could not be unmounted, and why. */
    static NinepinException failed(final Path mountPoint, final String reason, final @Nullable Exception cause) {
        return new NinepinException(ExitCode.MOUNT_FAILED, "cannot unmount " + mountPoint + ": " + reason, cause);
    }

    Optional<String> run() throws NinepinException {
        return withDaemon(this::unmount);
    }

    /** SIGTERM is what ends a mount without regard to its users. */
    private Optional<String> force() throws NinepinException {
        return withDaemon(daemon -> {
            daemon.destroy();
            if (!awaitEnd(daemon, PATIENCE)) {
                throw notEnded(daemon);
            }
            return Optional.empty();
        });
    }

    /** What is done with a daemon that serves the mount. */
    @FunctionalInterface
    private interface Action {
        Optional<String> run(ProcessHandle daemon) throws NinepinException;
    }

    /** Runs {@code action}, unless the daemon has died, hangs, or serves another mount namespace. */
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
        if (isElsewhere(pid)) {
            // What it serves is mounted in another mount namespace; here there is a copy, if anything.
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
            throw failed("its daemon does not answer (" + cause.getMessage() + ")" + withoutDaemon(), cause);
        }
        new DirectUnmount(mounts, mountPoint, true).run(cause);
        freeName();
        return Optional.of(mountPoint + " is unmounted, but its daemon does not answer: it ends when it can go on");
    }

    private Optional<String> unmount(final ProcessHandle daemon) throws NinepinException {
        final ControlMessages.Reply reply;
        try {
            reply = ask(ControlMessages.UNMOUNT, lazy ? LAZY_PATIENCE : PATIENCE);
        } catch (final EOFException e) {
            // It is about to end. The kernel lets it go as soon as the mount is gone, and answers the unmount itself
            // only when it has forgotten all files, which may be many.
            if (!awaitEnd(daemon, PATIENCE)) {
                throw notEnded(daemon);
            }
            if (Mounts.ofCurrentUser().table().ninepinAt(mountPoint).isPresent()) {
                throw failed("its daemon (pid " + daemon.pid() + ") ended before that" + withoutDaemon(), e);
            }
            return Optional.empty();
        } catch (final SocketException e) {
            return unmountedByOthers(daemon);
        } catch (final IOException e) {
            if (hasEnded(daemon)) {
                // For another reason, at this very moment: there is nothing left to do.
                return Optional.empty();
            }
            return unmountHung(e);
        }
        if (ControlMessages.BUSY.equals(reply.error())) {
            throw failed(usedBy() + "; " + lazily(mountPoint) + " all the same", null);
        }
        if (reply.error() != null) {
            throw failed(String.valueOf(reply.message()), null);
        }
        return awaitEnd(daemon, reply.copies());
    }

    /** Ends as the unmount did that took the socket's name from {@code daemon} just now. */
    private Optional<String> unmountedByOthers(final ProcessHandle daemon) throws NinepinException {
        final List<MountStatus.Copy> copies = mounts.statusOfAll().stream()
                .filter(status -> status.pid() == daemon.pid())
                .findFirst()
                .map(MountStatus::copies)
                .orElse(null);
        return awaitEnd(daemon, copies);
    }

    /** Waits for the end of {@code daemon}, unless {@code copies} keep it. */
    private Optional<String> awaitEnd(final ProcessHandle daemon, final @Nullable List<MountStatus.Copy> copies)
            throws NinepinException {
        if (copies != null && !copies.isEmpty()) {
            return Optional.of(keptBy(copies, daemon));
        }
        if (awaitEnd(daemon, lazy || copies != null ? LAZY_PATIENCE : PATIENCE) || lazy) {
            return Optional.empty();
        }
        if (copies == null) {
            throw notEnded(daemon);
        }
        return Optional.of(mountPoint + " is unmounted, but a mount namespace or a descriptor that can't be seen from"
                + " here keeps its daemon (pid " + daemon.pid() + ")");
    }

    /** Returns why it is busy: fuser(1) does not show mounts. */
    private String usedBy() throws NinepinException {
        return Mounts.ofCurrentUser().table().entries().stream()
                .filter(entry -> entry.mountPoint().startsWith(mountPoint + "/"))
                .findFirst()
                .map(below -> below.source() + " is mounted on " + below.mountPoint() + ": unmount that first")
                .orElse("it is in use (fuser -vm " + ShellText.quote(mountPoint) + " shows by whom)");
    }

    private String keptBy(final List<MountStatus.Copy> copies, final ProcessHandle daemon) {
        final int others = copies.size() - NAMED_COPIES;
        return mountPoint + " is unmounted, but the share is still mounted on "
                + copies.stream()
                        .limit(NAMED_COPIES)
                        .map(MountStatus.Copy::describe)
                        .collect(Collectors.joining(", "))
                + (others > 0 ? ", and in " + others + " other places" : "")
                + "; its daemon (pid " + daemon.pid() + ") ends when that is unmounted too";
    }

    private void freeName() throws NinepinException {
        try {
            ControlSocket.free(mounts.directory(), mountPoint);
        } catch (final IOException e) {
            throw failed("the socket of its daemon cannot be removed: " + e.getMessage(), e);
        }
    }

    private ControlMessages.Reply ask(final String request, final Duration patience) throws IOException {
        return ControlClient.ask(mounts.directory(), socket, new ControlMessages.Request(request, lazy), patience);
    }

    /** Whether {@code daemon} has ended, after waiting for that. */
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

    /** Whether process {@code pid} is in another mount namespace. If that can't be seen, it is in this one. */
    private static boolean isElsewhere(final long pid) {
        try {
            return !Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "ns/mnt"))
                    .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
        } catch (final IOException e) {
            return false;
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

    private NinepinException notEnded(final ProcessHandle daemon) {
        return failed("it is unmounted, but its daemon (pid " + daemon.pid() + ") has not ended", null);
    }

    private NinepinException failed(final String reason, final @Nullable Exception cause) {
        return failed(mountPoint, reason, cause);
    }

    private String withoutDaemon() {
        return "; " + lazily(mountPoint) + " without it";
    }

    private static String lazily(final Path mountPoint) {
        return "ninepin umount -l " + ShellText.quote(mountPoint) + " takes it away";
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
