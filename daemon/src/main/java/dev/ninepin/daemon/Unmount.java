package dev.ninepin.daemon;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code ninepin umount}: asks the daemon to unmount, and waits until it is gone. */
public final class Unmount {
    private static final Duration PING_PATIENCE = Duration.ofSeconds(5);

    /** What a daemon may take to unmount, end its session and stop its server. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What a lazy unmount waits for a daemon that has nobody left to serve. */
    private static final Duration LAZY_PATIENCE = Duration.ofSeconds(3);

    private static final long POLL_MILLIS = 5;

    private final Mounts mounts;
    private final Path mountPoint;
    private final boolean lazy;

    private Unmount(final Mounts mounts, final Path mountPoint, final boolean lazy) {
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

    private void run() throws NinepinException {
        final Path socket = mounts.directory().socket(mountPoint);
        final ProcessHandle daemon;
        try {
            final long pid = ask(socket, ControlMessages.PING, PING_PATIENCE).pid();
            final Optional<ProcessHandle> process = ProcessHandle.of(pid);
            if (process.isEmpty()) {
                return;
            }
            daemon = process.get();
        } catch (final SocketException e) {
            clear(socket, e);
            return;
        } catch (final IOException e) {
            throw failed(
                    "its daemon does not answer (" + e.getMessage() + "); umount -l " + mountPoint
                            + " takes the mount away without it",
                    e);
        }
        final ControlMessages.Reply reply = unmount(socket, daemon);
        if (ControlMessages.BUSY.equals(reply.error())) {
            throw failed(
                    "it is in use (fuser -vm " + mountPoint + " shows by whom); ninepin umount -l " + mountPoint
                            + " takes it away all the same",
                    null);
        }
        if (reply.error() != null) {
            throw failed(String.valueOf(reply.message()), null);
        }
        awaitEnd(daemon);
    }

    private ControlMessages.Reply unmount(final Path socket, final ProcessHandle daemon) throws NinepinException {
        try {
            return ask(socket, ControlMessages.UNMOUNT, PATIENCE);
        } catch (final IOException e) {
            if (daemon.isAlive()) {
                throw failed(
                        "its daemon (pid " + daemon.pid() + ") does not answer; umount -l " + mountPoint
                                + " takes the mount away without it",
                        e);
            }
            // It ended for another reason at this very moment: there is nothing left to do.
            return new ControlMessages.Reply(daemon.pid(), null, null, null);
        }
    }

    private ControlMessages.Reply ask(final Path socket, final String request, final Duration patience)
            throws IOException {
        return ControlClient.ask(mounts.directory(), socket, new ControlMessages.Request(request, lazy), patience);
    }

    private void awaitEnd(final ProcessHandle daemon) throws NinepinException {
        final Duration patience = lazy ? LAZY_PATIENCE : PATIENCE;
        final long deadline = System.nanoTime() + patience.toNanos();
        while (daemon.isAlive()) {
            if (System.nanoTime() - deadline > 0) {
                if (lazy) {
                    return;
                }
                throw failed("it is unmounted, but its daemon (pid " + daemon.pid() + ") has not ended", null);
            }
            pause();
        }
    }

    /** Nobody listens: takes away what a daemon that was killed has left. */
    private void clear(final Path socket, final SocketException cause) throws NinepinException {
        final Optional<MountTable.Entry> entry = mounts.table().at(mountPoint).filter(MountTable.Entry::isNinepin);
        if (entry.isEmpty()
                || (!entry.get().isOf(mounts.user().uid()) && !mounts.user().isRoot())) {
            throw mounts.notServed(mountPoint, cause);
        }
        final List<String> command = new ArrayList<>();
        if (mounts.user().isRoot()) {
            command.add("umount");
        } else {
            command.addAll(List.of(Programs.find("fusermount") ? "fusermount" : "fusermount3", "-u"));
        }
        if (lazy) {
            command.add(mounts.user().isRoot() ? "-l" : "-z");
        }
        command.addAll(List.of("--", mountPoint.toString()));
        execute(command);
        try {
            ControlSocket.removeIfStale(mounts.directory(), socket);
        } catch (final IOException e) {
            throw failed("the socket that its daemon left cannot be removed: " + e.getMessage(), e);
        }
    }

    private void execute(final List<String> command) throws NinepinException {
        try {
            final Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw failed(output.strip(), null);
            }
        } catch (final IOException e) {
            throw failed(String.valueOf(e.getMessage()), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw NinepinException.interrupted();
        }
    }

    private NinepinException failed(final String reason, final @Nullable Exception cause) {
        return new NinepinException(ExitCode.MOUNT_FAILED, "cannot unmount " + mountPoint + ": " + reason, cause);
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
