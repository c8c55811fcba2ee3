package dev.ninepin.daemon;

import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/**
 * The UNIX socket that a mount's daemon listens on. It gets its mode before it gets its name. Whoever has the name is the
 * only one to mount on the directory, until something is mounted there; then the mount itself keeps others off. So the
 * name of a daemon that died, or whose mount was unmounted, is taken over. Any thread may close it.
 */
final class ControlSocket implements AutoCloseable {
    /** How long a daemon may take to say whether its mount is still there, before the kernel is asked. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final RuntimeDirectory directory;
    private final ServerSocketChannel channel;

    /** Its name, which a later daemon may have taken over. */
    private final Path path;

    /** Tells our socket from one of a later daemon. */
    private final long inode;

    private ControlSocket(
            final RuntimeDirectory directory, final Path path, final ServerSocketChannel channel, final long inode) {
        this.directory = directory;
        this.path = path;
        this.channel = channel;
        this.inode = inode;
    }

    /**
     * Listens for the mount on {@code mountPoint}, and claims the directory until {@link #releaseClaim}.
     *
     * @throws BindException if another daemon serves a mount there, or is about to
     * @throws IOException if the directory can't be used
     */
    static ControlSocket open(final RuntimeDirectory directory, final Path mountPoint) throws IOException {
        directory.prepare();
        final Path path = directory.socket(mountPoint);
        final Path claim = directory.claim(path);
        return directory.locked(() -> {
            if (answers(claim) || (answers(path) && isServed(directory, path, mountPoint))) {
                throw new BindException("another ninepin already serves " + mountPoint + ", or is about to");
            }
            moveAside(directory, path);
            final Path unnamed =
                    directory.path().resolve(ProcessHandle.current().pid() + ".new");
            Files.deleteIfExists(unnamed);
            final ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.bind(UnixDomainSocketAddress.of(unnamed));
                Files.setPosixFilePermissions(unnamed, PosixFilePermissions.fromString("rw-------"));
                Files.deleteIfExists(claim);
                Files.createLink(claim, unnamed);
                Files.move(unnamed, path, StandardCopyOption.ATOMIC_MOVE);
                return new ControlSocket(directory, path, channel, inode(path));
            } catch (final IOException e) {
                channel.close();
                Files.deleteIfExists(unnamed);
                throw e;
            }
        });
    }

    /** Whether the daemon that listens at {@code path} has a mount on {@code mountPoint}, as it or the kernel says. */
    private static boolean isServed(final RuntimeDirectory directory, final Path path, final Path mountPoint)
            throws IOException {
        try {
            final MountStatus status = ControlClient.ask(
                            directory, path, new ControlMessages.Request(ControlMessages.STATUS, false), PATIENCE)
                    .status();
            return status == null || !status.state().equals(MountStatus.UNMOUNTING);
        } catch (final SocketException | EOFException e) {
            return false;
        } catch (final IOException e) {
            return MountTable.read().ninepinAt(mountPoint).isPresent();
        }
    }

    /** Removes the socket at {@code path} if nobody listens there any more. */
    static void removeIfStale(final RuntimeDirectory directory, final Path path) throws IOException {
        directory.locked(
                () -> Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !answers(path) && Files.deleteIfExists(path));
    }

    /**
     * Frees the name of the socket of {@code mountPoint} after an unmount, unless there is a new mount by now. A daemon
     * that still listens is among those of {@link RuntimeDirectory#sockets}, by another name.
     */
    static void free(final RuntimeDirectory directory, final Path mountPoint) throws IOException {
        if (directory.isThere()) {
            final Path path = directory.socket(mountPoint);
            directory.locked(() -> {
                directory.noteUnmount(path);
                return !answers(directory.claim(path))
                        && MountTable.read().ninepinAt(mountPoint).isEmpty()
                        && moveAside(directory, path);
            });
        }
    }

    /** Called with the directory locked; whether there was a daemon that listens. */
    private static boolean moveAside(final RuntimeDirectory directory, final Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (!answers(path)) {
            Files.delete(path);
            return false;
        }
        Files.move(path, directory.aside(path, inode(path)), StandardCopyOption.ATOMIC_MOVE);
        return true;
    }

    /** Its name, unless another daemon has taken that over. */
    Path path() {
        return path;
    }

    /** What clients connect to; non-blocking use is the server's business. */
    ServerSocketChannel channel() {
        return channel;
    }

    /** The mount is made: from here on, it keeps others from its directory. */
    void releaseClaim() throws IOException {
        final Path claim = directory.claim(path);
        directory.locked(() -> isOurs(claim) && Files.deleteIfExists(claim));
    }

    /** Leaves its name to a later mount on the same directory. */
    void stepAside() throws IOException {
        directory.locked(() -> {
            if (isOurs(path)) {
                directory.noteUnmount(path);
                return moveAside(directory, path);
            }
            return false;
        });
    }

    @Override
    public void close() throws IOException {
        directory.locked(() -> {
            if (isOurs(path) && !isOurs(directory.claim(path))) {
                directory.noteUnmount(path);
            }
            for (final Path name : List.of(path, directory.aside(path, inode), directory.claim(path))) {
                if (isOurs(name)) {
                    Files.delete(name);
                }
            }
            return true;
        });
        channel.close();
    }

    private boolean isOurs(final Path name) throws IOException {
        return Files.exists(name, LinkOption.NOFOLLOW_LINKS) && inode(name) == inode;
    }

    private static boolean answers(final Path path) {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (final IOException e) {
            return false;
        }
    }

    private static long inode(final Path path) throws IOException {
        return (long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }
}
