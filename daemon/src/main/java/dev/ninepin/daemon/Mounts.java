package dev.ninepin.daemon;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The mounts of the current user, as their daemons tell of them. */
public final class Mounts {
    /** A daemon answers its first request in a tenth of a second, on a machine that does nothing else. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final ControlMessages.Request STATUS = new ControlMessages.Request(ControlMessages.STATUS, false);

    private final User user;
    private final RuntimeDirectory directory;
    private final MountTable table;

    Mounts(final User user, final RuntimeDirectory directory, final MountTable table) {
        this.user = user;
        this.directory = directory;
        this.table = table;
    }

    public static Mounts ofCurrentUser() throws NinepinException {
        try {
            return new Mounts(User.current(), RuntimeDirectory.ofCurrentUser(), MountTable.read());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the mounts cannot be listed: " + Reason.of(e), e);
        }
    }

    /** The status of the mount on {@code given}. */
    public MountStatus status(final String given) throws NinepinException {
        final Path mountPoint = MountPoint.resolve(SourceParser.path(given), table);
        try {
            return statusAt(directory.socket(mountPoint));
        } catch (final SocketException e) {
            return servedAt(mountPoint).orElseThrow(() -> notServed(mountPoint, e));
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.USAGE, "no status of " + mountPoint + ": " + Reason.of(e), e);
        }
    }

    /** The status of the mount that {@code mountPoint} is a copy of. */
    private Optional<MountStatus> servedAt(final Path mountPoint) throws NinepinException {
        final Optional<MountTable.Entry> entry = table.ninepinAt(mountPoint);
        return entry.isEmpty()
                ? Optional.empty()
                : statusOfAll().stream()
                        .filter(status -> entry.get().isConnection(status.connection()))
                        .findFirst();
    }

    /** The status of each mount whose daemon answers, by the names of their sockets. Sockets of dead ones are removed. */
    public List<MountStatus> statusOfAll() throws NinepinException {
        final List<MountStatus> all = new ArrayList<>();
        try {
            for (final Path socket : directory.sockets()) {
                try {
                    all.add(statusAt(socket));
                } catch (final SocketException e) {
                    ControlSocket.removeIfStale(directory, socket);
                } catch (final IOException e) {
                    // One that hangs must not hide the others; unanswered() tells of it.
                }
            }
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the mounts cannot be listed: " + Reason.of(e), e);
        }
        return all;
    }

    /** A sentence for each mount of this user that is in the mount table, but not in {@code answered}. */
    public List<String> unanswered(final List<MountStatus> answered) {
        return table.entries().stream()
                .filter(entry -> entry.isNinepin() && entry.isOf(user.uid()))
                .filter(entry -> answered.stream()
                        .noneMatch(status -> entry.isConnection(status.connection())
                                || status.mountPoint().equals(entry.mountPoint())))
                .map(entry -> hasSocket(entry)
                        ? "the daemon of " + entry.mountPoint() + " does not answer"
                        : died(entry.mountPoint()))
                .distinct()
                .toList();
    }

    /** Whether the daemon of {@code entry} has left its socket, there or where {@code entry} is a copy of. */
    private boolean hasSocket(final MountTable.Entry entry) {
        return table.entries().stream()
                .filter(other -> other.device().equals(entry.device()))
                .anyMatch(other -> Files.exists(directory.socket(Path.of(other.mountPoint()))));
    }

    private static String died(final String mountPoint) {
        return "the daemon of " + mountPoint + " has died; ninepin umount " + ShellText.quote(mountPoint)
                + " clears it away";
    }

    /** Why nobody answers for {@code mountPoint}, and what to do. */
    NinepinException notServed(final Path mountPoint, final @Nullable IOException cause) {
        final Optional<MountTable.Entry> entry = table.ninepinAt(mountPoint);
        final String message;
        if (entry.isEmpty()) {
            message = mountPoint + " is not a mount of ninepin's; ninepin status lists those that there are";
        } else if (entry.get().isOf(user.uid())) {
            message = died(mountPoint.toString());
        } else {
            message = mountPoint + " was mounted by another user; ask as that user";
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
        final ControlMessages.Reply reply = ControlClient.ask(directory, socket, STATUS, PATIENCE);
        final MountStatus status = reply.status();
        if (status == null) {
            throw new IOException("its daemon (pid " + reply.pid() + ") answers: " + reply.message());
        }
        return status;
    }
}
