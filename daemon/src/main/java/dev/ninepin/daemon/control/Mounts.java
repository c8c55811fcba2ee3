package dev.ninepin.daemon.control;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.MountTable;
import dev.ninepin.daemon.host.MountTarget;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.ShellText;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.SourceParser;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The mounts of the current user. Their daemons report the status; the kernel's mount table lists the mounts. */
public final class Mounts {
    /** The time that a daemon has to reply. On an idle machine, the first reply takes a tenth of a second. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    /** The same for the status. The daemon loads 350 classes for its first one, which takes seconds under emulation. */
    private static final Duration STATUS_PATIENCE = Duration.ofSeconds(20);

    private static final ControlMessages.Request STATUS = new ControlMessages.Request(ControlMessages.STATUS, false);

    private final User user;
    private final RuntimeDirectory directory;
    private final MountTable table;

    Mounts(final User user, final RuntimeDirectory directory, final MountTable table) {
        this.user = user;
        this.directory = directory;
        this.table = table;
    }

    /**
     * Returns the mounts of the current user.
     *
     * @throws NinepinException with {@link ExitCode#SYSTEM} if {@code /proc} cannot be read
     */
    public static Mounts ofCurrentUser() throws NinepinException {
        try {
            return new Mounts(User.current(), RuntimeDirectory.ofCurrentUser(), MountTable.read());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the mounts cannot be listed: " + Reason.of(e), e);
        }
    }

    /**
     * Returns the status of the mount on directory {@code given}.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if the directory is not a mount of this user, or its daemon
     *     does not answer
     */
    public MountStatus status(final String given) throws NinepinException {
        final Path mountPoint = MountTarget.resolve(SourceParser.path(given), table);
        try {
            return statusAt(directory.socket(mountPoint));
        } catch (final SocketException e) {
            return findStatusOfCopy(mountPoint).orElseThrow(() -> newNotServedException(mountPoint, e));
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.USAGE, "cannot get the status of " + mountPoint + ": " + Reason.of(e), e);
        }
    }

    /** Returns the status of the mount of which {@code mountPoint} is a copy; empty if it is not a copy. */
    private Optional<MountStatus> findStatusOfCopy(final Path mountPoint) throws NinepinException {
        final Optional<MountTable.Entry> entry = table.ninepinAt(mountPoint);
        return entry.isEmpty()
                ? Optional.empty()
                : statusOfAll().stream()
                        .filter(status -> entry.get().isConnection(status.connection()))
                        .findFirst();
    }

    /**
     * Returns the status of each mount whose daemon answers, sorted by socket name. Removes the sockets of dead
     * daemons.
     *
     * @throws NinepinException with {@link ExitCode#SYSTEM} if the sockets cannot be listed
     */
    public List<MountStatus> statusOfAll() throws NinepinException {
        final List<MountStatus> all = new ArrayList<>();
        try {
            for (final Path socket : directory.sockets()) {
                try {
                    all.add(statusAt(socket));
                } catch (final SocketException e) {
                    ControlSocket.removeIfStale(directory, socket);
                } catch (final IOException e) {
                    // A daemon that hangs must not hide the other mounts. unanswered() reports it.
                }
            }
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the mounts cannot be listed: " + Reason.of(e), e);
        }
        return all;
    }

    /** Returns one sentence for each mount of this user that is in the mount table but not in {@code answered}. */
    public List<String> describeUnansweredMounts(final List<MountStatus> answered) {
        return table.entries().stream()
                .filter(entry -> entry.isNinepin() && entry.isOf(user.uid()))
                .filter(entry -> answered.stream()
                        .noneMatch(status -> entry.isConnection(status.connection())
                                || status.mountPoint().equals(entry.mountPoint())))
                .map(entry -> hasSocket(entry)
                        ? "the daemon of " + entry.mountPoint() + " does not answer; to detach the mount without it: "
                                + "ninepin umount -l " + ShellText.quote(entry.mountPoint())
                        : describeDeadDaemon(entry.mountPoint()))
                .distinct()
                .toList();
    }

    /**
     * Returns whether the daemon of {@code entry} has a socket, for this directory or for another mount of the same
     * file system.
     */
    private boolean hasSocket(final MountTable.Entry entry) {
        return table.entries().stream()
                .filter(other -> other.device().equals(entry.device()))
                .anyMatch(other -> Files.exists(directory.socket(Path.of(other.mountPoint()))));
    }

    private static String describeDeadDaemon(final String mountPoint) {
        return "the daemon of " + mountPoint + " has died; to remove the dead mount: ninepin umount "
                + ShellText.quote(mountPoint);
    }

    /** Creates the exception for a directory whose daemon cannot be asked: the reason, and what to do. */
    NinepinException newNotServedException(final Path mountPoint, final @Nullable IOException cause) {
        final Optional<MountTable.Entry> entry = table.ninepinAt(mountPoint);
        final String message;
        if (entry.isEmpty()) {
            message = mountPoint + " is not a Ninepin mount; ninepin status lists the mounts of this user";
        } else if (entry.get().isOf(user.uid())) {
            message = describeDeadDaemon(mountPoint.toString());
        } else {
            message = mountPoint + " was mounted by another user; run this command as that user, or unmount it "
                    + (user.isRoot() ? "(ninepin umount " + ShellText.quote(mountPoint) + ")" : "as root");
        }
        return new NinepinException(ExitCode.USAGE, message, cause);
    }

    User user() {
        return user;
    }

    RuntimeDirectory directory() {
        return directory;
    }

    MountTable table() {
        return table;
    }

    private MountStatus statusAt(final Path socket) throws IOException {
        final ControlMessages.Reply reply = ControlClient.ask(directory, socket, STATUS, STATUS_PATIENCE);
        final MountStatus status = reply.status();
        if (status == null) {
            throw new IOException("its daemon (pid " + reply.pid() + ") answers: " + reply.message());
        }
        return status;
    }
}
