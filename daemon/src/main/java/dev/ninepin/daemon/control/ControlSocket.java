package dev.ninepin.daemon.control;

import dev.ninepin.daemon.host.MountTable;
import dev.ninepin.daemon.host.RuntimeDirectory;
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
 * The UNIX socket on which a mount's daemon listens.
 *
 * <p>The socket gets its mode before it gets its name. The daemon that owns the name is the only one that may mount on
 * the directory. After the mount is made, the mount itself keeps other daemons away. A new daemon may then take over
 * the name of a daemon that died or was unmounted.
 *
 * <p>Any thread may close the socket.
 */
public final class ControlSocket implements AutoCloseable {
    /** How long a daemon may take to tell whether it is still mounted, before the mount table decides. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final RuntimeDirectory directory;
    private final ServerSocketChannel channel;

    /** The name of the socket, which a later daemon may have taken over. */
    private final Path path;

    /** The inode number, which distinguishes this socket from that of a later daemon. */
    private final long inode;

    private ControlSocket(
            final RuntimeDirectory directory, final Path path, final ServerSocketChannel channel, final long inode) {
        this.directory = directory;
        this.path = path;
        this.channel = channel;
        this.inode = inode;
    }

    /**
     * Opens the socket for the mount on {@code mountPoint}, and claims the directory until {@link #releaseClaim}.
     *
     * @throws BindException if another daemon serves a mount on the directory, or is about to
     * @throws IOException if the runtime directory cannot be used
     */
    public static ControlSocket open(final RuntimeDirectory directory, final Path mountPoint) throws IOException {
        directory.prepare();
        final Path path = directory.socket(mountPoint);
        final Path claim = directory.claimSocket(path);
        return directory.runLocked(() -> {
            if (hasListener(claim) || (hasListener(path) && isServed(directory, path, mountPoint))) {
                throw new BindException("another ninepin process serves " + mountPoint + " or is mounting on it");
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

    /**
     * Returns whether the daemon that listens at {@code path} is mounted on {@code mountPoint}. Asks the daemon; if it
     * does not answer in time, asks the kernel.
     */
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

    /** Removes the socket at {@code path} if no process listens on it. */
    static void removeIfStale(final RuntimeDirectory directory, final Path path) throws IOException {
        directory.runLocked(() ->
                Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !hasListener(path) && Files.deleteIfExists(path));
    }

    /**
     * Frees the socket name of {@code mountPoint} after an unmount, unless the directory has been mounted again. A
     * daemon that still listens stays in {@link RuntimeDirectory#sockets} under another name.
     */
    static void free(final RuntimeDirectory directory, final Path mountPoint) throws IOException {
        if (directory.exists()) {
            final Path path = directory.socket(mountPoint);
            directory.runLocked(() -> {
                directory.noteUnmount(path);
                return !hasListener(directory.claimSocket(path))
                        && MountTable.read().ninepinAt(mountPoint).isEmpty()
                        && moveAside(directory, path);
            });
        }
    }

    /**
     * Renames the socket at {@code path} if a daemon listens on it, otherwise deletes it. The caller holds the
     * directory's lock. Returns whether a daemon listens.
     */
    private static boolean moveAside(final RuntimeDirectory directory, final Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (!hasListener(path)) {
            Files.delete(path);
            return false;
        }
        Files.move(path, directory.detachedSocket(path, inode(path)), StandardCopyOption.ATOMIC_MOVE);
        return true;
    }

    /** Returns the name of the socket, which a later daemon may have taken over. */
    Path path() {
        return path;
    }

    /** Returns the channel that accepts clients. The server switches it to non-blocking mode. */
    ServerSocketChannel channel() {
        return channel;
    }

    /** Gives up the claim after the mount is made. The mount itself now keeps other daemons off the directory. */
    public void releaseClaim() throws IOException {
        final Path claim = directory.claimSocket(path);
        directory.runLocked(() -> isOurs(claim) && Files.deleteIfExists(claim));
    }

    /** Moves this socket to another name, so that a later mount on the same directory can use the name. */
    public void releaseName() throws IOException {
        directory.runLocked(() -> {
            if (isOurs(path)) {
                directory.noteUnmount(path);
                return moveAside(directory, path);
            }
            return false;
        });
    }

    @Override
    public void close() throws IOException {
        directory.runLocked(() -> {
            if (isOurs(path) && !isOurs(directory.claimSocket(path))) {
                directory.noteUnmount(path);
            }
            for (final Path name : List.of(path, directory.detachedSocket(path, inode), directory.claimSocket(path))) {
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

    private static boolean hasListener(final Path path) {
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
