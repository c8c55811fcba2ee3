package dev.ninepin.daemon.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a user's control sockets, which only that user may enter. It is {@code /run/ninepin} for root,
 * {@code $XDG_RUNTIME_DIR/ninepin} for other users, or else {@code /tmp/ninepin-UID}. It holds one socket per mount,
 * named by {@link MountName}.
 *
 * @param path the directory, which may not exist yet
 * @param owner the user who must own the directory
 */
public record RuntimeDirectory(Path path, User owner) {
    private static final String SUFFIX = ".sock";
    private static final String NOTE_SUFFIX = ".unmounted";

    /** How long an unmount note is kept. A command needs far less time from its start until it reads the note. */
    private static final Duration NOTE_LIFE = Duration.ofMinutes(10);

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** The maximum length of a socket path in bytes: the 108 of {@code sockaddr_un.sun_path}, less the closing NUL. */
    private static final int MAX_SOCKET_PATH = 107;

    /**
     * The maximum length of a socket's path below {@code $XDG_RUNTIME_DIR}: directory name, {@link MountName} and
     * suffix.
     */
    private static final int MAX_SOCKET_NAME = 72;

    /** Serialises the threads of this process, because a file lock excludes other processes only. */
    private static final Object PROCESS_LOCK = new Object();

    /** An action that runs while the directory is locked. */
    public interface Locked<T> {
        T run() throws IOException;
    }

    /**
     * Returns the directory of {@code user}.
     *
     * @param environment looks up an environment variable
     */
    public static RuntimeDirectory of(final User user, final Function<String, @Nullable String> environment) {
        if (user.isRoot()) {
            return new RuntimeDirectory(Path.of("/run/ninepin"), user);
        }
        final String runtime = environment.apply("XDG_RUNTIME_DIR");
        if (runtime != null
                && runtime.startsWith("/")
                && runtime.getBytes(UTF_8).length < MAX_SOCKET_PATH - MAX_SOCKET_NAME) {
            return new RuntimeDirectory(Path.of(runtime, "ninepin"), user);
        }
        return new RuntimeDirectory(Path.of("/tmp/ninepin-" + user.uid()), user);
    }

    public static RuntimeDirectory ofCurrentUser() throws IOException {
        return of(User.current(), System::getenv);
    }

    /**
     * Creates the directory, or checks that the existing one is safe to use.
     *
     * @throws IOException if the directory cannot be created, or other users have access to it
     */
    public void prepare() throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            // mkdir(2) gets the mode, so the directory is never open to other users.
            make();
        }
        checkTrusted();
    }

    private void make() throws IOException {
        try {
            Files.createDirectories(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (final IOException e) {
            // For example after su(1), which keeps the previous user's XDG_RUNTIME_DIR.
            final String wayOut = !owner.isRoot() && path.endsWith("ninepin")
                    ? "; set XDG_RUNTIME_DIR to a directory of this user, or unset it"
                    : "";
            throw new IOException("cannot create " + path + ": " + Reason.of(e) + wayOut, e);
        }
    }

    /**
     * Returns whether the directory exists.
     *
     * @throws IOException if other users have access to the directory
     */
    public boolean exists() throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        checkTrusted();
        return true;
    }

    /** Returns the path of the control socket for {@code mountPoint}, whether or not the socket exists. */
    public Path socket(final Path mountPoint) {
        return path.resolve(MountName.of(mountPoint) + SUFFIX);
    }

    /**
     * Returns the name that {@code socket} gets after its mount has been detached from its directory.
     *
     * @param inode the inode number of the socket, which distinguishes it from other sockets of this mount point
     */
    public Path detachedSocket(final Path socket, final long inode) {
        return path.resolve(base(socket) + "~" + Integer.toHexString(Long.hashCode(inode)) + SUFFIX);
    }

    /** Returns the second name that {@code socket} has until its mount is made. */
    public Path claimSocket(final Path socket) {
        return path.resolve(base(socket) + ".mounting");
    }

    /**
     * Records that the mount of {@code socket} has just been unmounted, and deletes expired notes. The caller holds the
     * lock.
     */
    public void noteUnmount(final Path socket) throws IOException {
        final Instant old = Instant.now().minus(NOTE_LIFE);
        try (DirectoryStream<Path> notes = Files.newDirectoryStream(path, "*" + NOTE_SUFFIX)) {
            for (final Path note : notes) {
                if (Files.getLastModifiedTime(note, LinkOption.NOFOLLOW_LINKS)
                        .toInstant()
                        .isBefore(old)) {
                    Files.delete(note);
                }
            }
        }
        Files.write(unmountNote(socket), new byte[0]);
    }

    /**
     * Returns whether a mount of {@code socket} was unmounted at {@code time} or later; false if the note cannot be
     * read.
     */
    public boolean isUnmountedSince(final Path socket, final Instant time) {
        try {
            return exists()
                    && !Files.getLastModifiedTime(unmountNote(socket), LinkOption.NOFOLLOW_LINKS)
                            .toInstant()
                            .isBefore(time);
        } catch (final IOException e) {
            return false;
        }
    }

    private Path unmountNote(final Path socket) {
        return path.resolve(base(socket) + NOTE_SUFFIX);
    }

    private static String base(final Path socket) {
        final String name = socket.getFileName().toString();
        return name.substring(0, name.length() - SUFFIX.length());
    }

    /**
     * Returns all sockets in the directory, sorted by name, including those of dead daemons.
     *
     * @throws IOException if other users have access to the directory, so that its contents cannot be trusted
     */
    public List<Path> sockets() throws IOException {
        if (!exists()) {
            return List.of();
        }
        final List<Path> sockets = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(path, "*" + SUFFIX)) {
            all.forEach(sockets::add);
        }
        sockets.sort(null);
        return sockets;
    }

    /** Runs {@code action} while no other thread and no other Ninepin process changes the directory. */
    public <T> T runLocked(final Locked<T> action) throws IOException {
        synchronized (PROCESS_LOCK) {
            return lockedInProcess(action);
        }
    }

    private <T> T lockedInProcess(final Locked<T> action) throws IOException {
        try (FileChannel file = FileChannel.open(
                        path.resolve("lock"),
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                FileLock lock = file.lock()) {
            assert lock.isValid();
            return action.run();
        }
    }

    private void checkTrusted() throws IOException {
        final String wayOut = "; make it a directory of your own with mode 0700, or remove it";
        try {
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(path + " is not a directory" + wayOut);
            }
            final Object uid = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (Integer.toUnsignedLong((Integer) uid) != owner.uid()) {
                throw new IOException(path + " belongs to another user (" + uid + ")" + wayOut);
            }
            if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS))) {
                throw new IOException(path + " is open to other users" + wayOut);
            }
        } catch (final NoSuchFileException e) {
            throw new IOException(path + " vanished just now; try again", e);
        }
    }
}
