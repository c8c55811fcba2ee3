package dev.ninepin.daemon.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.daemon.host.MountTable;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.fuse.FuseMount;
import dev.ninepin.os.Programs;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An unmount without the help of a daemon, for a daemon that was killed, does not answer, or serves another directory.
 * It runs umount(8) for root and fusermount(1) for other users.
 */
final class DirectUnmount {
    /** The time that the unmount may take, in seconds. The kernel may wait for a daemon that does not answer. */
    private static final long PATIENCE_SECONDS = 20;

    private final Mounts mounts;
    private final Path mountPoint;
    private final boolean lazy;

    DirectUnmount(final Mounts mounts, final Path mountPoint, final boolean lazy) {
        this.mounts = mounts;
        this.mountPoint = mountPoint;
        this.lazy = lazy;
    }

    /**
     * Unmounts the mount that {@link Mounts#table} lists on the directory. Does nothing if it has been unmounted since.
     *
     * @param cause the reason why the daemon is not asked; null if it serves another directory
     * @throws NinepinException if the unmount fails, or no mount of this user is on the directory
     */
    void run(final @Nullable IOException cause) throws NinepinException {
        final Optional<MountTable.Entry> entry = mounts.table().ninepinAt(mountPoint);
        if (entry.isEmpty()
                || (!entry.get().isOf(mounts.user().uid()) && !mounts.user().isRoot())) {
            throw mounts.newNotServedException(mountPoint, cause);
        }
        try {
            unmount(entry.get());
        } catch (final IOException e) {
            throw failed(Reason.of(e), e);
        }
    }

    /**
     * Lazily unmounts the directory if its daemon has died. Only one process does this at a time; otherwise a second
     * process could unmount a new mount that the first has made since.
     *
     * @throws NinepinException if the unmount fails
     */
    static void clearDead(final Mounts mounts, final Path mountPoint) throws NinepinException {
        final RuntimeDirectory directory = mounts.directory();
        final DirectUnmount unmount = new DirectUnmount(mounts, mountPoint, true);
        try {
            directory.prepare();
            final Boolean unused = directory.runLocked(() -> {
                final Optional<MountTable.Entry> entry = MountTable.read().ninepinAt(mountPoint);
                if (entry.isPresent() && FuseMount.isDead(mountPoint)) {
                    unmount.unmount(entry.get());
                }
                return true;
            });
            ControlSocket.removeIfStale(directory, directory.socket(mountPoint));
        } catch (final IOException e) {
            throw unmount.failed(Reason.of(e), e);
        }
    }

    private void unmount(final MountTable.Entry entry) throws IOException {
        if (!isStillThere(entry)) {
            return;
        }
        final Path words = Files.createTempFile("ninepin", null);
        try {
            final Process process = new ProcessBuilder(command())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(words.toFile())
                    .start();
            final boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if ((!ended || process.exitValue() != 0) && isStillThere(entry)) {
                throw new IOException(
                        ended
                                ? Files.readString(words, UTF_8).strip()
                                : "the kernel takes longer than " + PATIENCE_SECONDS + " s");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Files.delete(words);
        }
    }

    private boolean isStillThere(final MountTable.Entry entry) throws IOException {
        return MountTable.read()
                .ninepinAt(mountPoint)
                .filter(now -> now.device().equals(entry.device()))
                .isPresent();
    }

    private List<String> command() {
        final boolean root = mounts.user().isRoot();
        final List<String> command = new ArrayList<>();
        if (root) {
            command.add("umount");
        } else {
            command.addAll(
                    List.of(Programs.inPath().find("fusermount").isPresent() ? "fusermount" : "fusermount3", "-u"));
        }
        if (lazy) {
            command.add(root ? "-l" : "-z");
        }
        command.addAll(List.of("--", mountPoint.toString()));
        return command;
    }

    private NinepinException failed(final String reason, final @Nullable IOException cause) {
        return Unmount.failed(mountPoint, reason, cause);
    }
}
