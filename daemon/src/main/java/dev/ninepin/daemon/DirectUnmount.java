package dev.ninepin.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a daemon that was killed has left: its mount, on which all calls fail, and its control socket. */
final class DeadMount {
    private final Mounts mounts;
    private final Path mountPoint;

    DeadMount(final Mounts mounts, final Path mountPoint) {
        this.mounts = mounts;
        this.mountPoint = mountPoint;
    }

    /**
     * Takes it away.
     *
     * @param cause why its daemon is taken to be dead
     * @throws NinepinException if it can't be unmounted, or there is no mount of ours
     */
    void clear(final boolean lazy, final SocketException cause) throws NinepinException {
        final User user = mounts.user();
        final Optional<MountTable.Entry> entry = mounts.table().ninepinAt(mountPoint);
        if (entry.isEmpty() || (!entry.get().isOf(user.uid()) && !user.isRoot())) {
            throw mounts.notServed(mountPoint, cause);
        }
        execute(command(user, lazy));
        final RuntimeDirectory directory = mounts.directory();
        try {
            if (directory.isThere()) {
                ControlSocket.removeIfStale(directory, directory.socket(mountPoint));
            }
        } catch (final IOException e) {
            throw failed("the socket that its daemon left cannot be removed: " + Reason.of(e), e);
        }
    }

    private List<String> command(final User user, final boolean lazy) {
        final List<String> command = new ArrayList<>();
        if (user.isRoot()) {
            command.add("umount");
        } else {
            command.addAll(List.of(Programs.find("fusermount") ? "fusermount" : "fusermount3", "-u"));
        }
        if (lazy) {
            command.add(user.isRoot() ? "-l" : "-z");
        }
        command.addAll(List.of("--", mountPoint.toString()));
        return command;
    }

    private void execute(final List<String> command) throws NinepinException {
        try {
            final Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            final String output = new String(process.getInputStream().readAllBytes(), UTF_8);
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

    private NinepinException failed(final String reason, final @Nullable IOException cause) {
        return Unmount.failed(mountPoint, reason, cause);
    }
}
