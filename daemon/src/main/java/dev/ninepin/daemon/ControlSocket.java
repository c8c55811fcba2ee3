package dev.ninepin.daemon;

import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/**
 * The UNIX socket that a mount's daemon listens on. It gets its mode before it gets its name, and the name of a daemon
 * that died is taken over. Any thread may close it.
 */
final class ControlSocket implements AutoCloseable {
    private final RuntimeDirectory directory;
    private final ServerSocketChannel channel;

    /** Tells our socket from one of a later daemon that took over the name. */
    private final Object fileKey;

    /** What it is called at the moment. */
    private volatile Path path;

    private ControlSocket(
            final RuntimeDirectory directory,
            final Path path,
            final ServerSocketChannel channel,
            final Object fileKey) {
        this.directory = directory;
        this.path = path;
        this.channel = channel;
        this.fileKey = fileKey;
    }

    /**
     * Listens for the mount on {@code mountPoint}.
     *
     * @throws BindException if a daemon already answers there
     * @throws IOException if the directory can't be used
     */
    static ControlSocket open(final RuntimeDirectory directory, final Path mountPoint) throws IOException {
        directory.prepare();
        final Path path = directory.socket(mountPoint);
        return directory.locked(() -> {
            if (answers(path)) {
                throw new BindException("another ninepin already serves " + mountPoint + ", or is about to");
            }
            final Path unnamed =
                    directory.path().resolve(ProcessHandle.current().pid() + ".new");
            Files.deleteIfExists(unnamed);
            final ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.bind(UnixDomainSocketAddress.of(unnamed));
                Files.setPosixFilePermissions(unnamed, PosixFilePermissions.fromString("rw-------"));
                Files.move(unnamed, path, StandardCopyOption.ATOMIC_MOVE);
                return new ControlSocket(directory, path, channel, fileKey(path));
            } catch (final IOException e) {
                channel.close();
                Files.deleteIfExists(unnamed);
                throw e;
            }
        });
    }

    /** Removes the socket at {@code path} if nobody listens there any more. */
    static void removeIfStale(final RuntimeDirectory directory, final Path path) throws IOException {
        directory.locked(
                () -> Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !answers(path) && Files.deleteIfExists(path));
    }

    /** Its name. */
    Path path() {
        return path;
    }

    /** What clients connect to; non-blocking use is the server's business. */
    ServerSocketChannel channel() {
        return channel;
    }

    /** Leaves its name to a later mount on the same directory. It is still among those of {@link RuntimeDirectory#sockets}. */
    void stepAside() throws IOException {
        final Path aside = directory.aside(path);
        directory.locked(() -> {
            if (isStillOurs()) {
                Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
                path = aside;
            }
            return aside;
        });
    }

    @Override
    public void close() throws IOException {
        directory.locked(() -> isStillOurs() && Files.deleteIfExists(path));
        channel.close();
    }

    private boolean isStillOurs() throws IOException {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS) && fileKey(path).equals(fileKey);
    }

    private static boolean answers(final Path path) {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (final IOException e) {
            return false;
        }
    }

    private static Object fileKey(final Path path) throws IOException {
        return Objects.requireNonNull(
                Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .fileKey(),
                "a file on Linux has a number");
    }
}
