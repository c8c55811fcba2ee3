package dev.ninepin.daemon;

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
 * The directory of a user's control sockets, which only that user may enter: {@code /run/ninepin} for root, else
 * {@code $XDG_RUNTIME_DIR/ninepin}, else {@code /tmp/ninepin-UID}. In it one socket per mount, named by
 * {@link MountName}.
 *
 * @param path may not exist yet
 * @param owner the only user that it may belong to
 */
record RuntimeDirectory(Path path, User owner) {
    private static final String SUFFIX = ".sock";
    private static final String NOTE_SUFFIX = ".unmounted";

    /** Far longer than a command takes from its start until it looks for a note. */
    private static final Duration NOTE_LIFE = Duration.ofMinutes(10);

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** The longest path that fits in a sockaddr_un, in bytes (its 108 less the closing NUL). */
    private static final int MAX_SOCKET_PATH = 107;

    /** The longest name that {@link MountName} gives, what is added to it, and what stands before it. */
    private static final int MAX_SOCKET_NAME = 72;

    /** A lock on a file keeps other processes off, but no other thread of this one. */
    private static final Object PROCESS_LOCK = new Object();

    /** Something to do while no other process publishes or removes a socket here. */
    interface Locked<T> {
        T run() throws IOException;
    }

    /** The directory of {@code user}, by the environment variables that {@code environment} looks up. */
    static RuntimeDirectory of(final User user, final Function<String, @Nullable String> environment) {
        if (user.isRoot()) {
            return new RuntimeDirectory(Path.of("/run/ninepin"), user);
        }
        final String runtime = environment.apply("XDG_RUNTIME_DIR");
        if (runtime != null && runtime.startsWith("/") && runtime.length() < MAX_SOCKET_PATH - MAX_SOCKET_NAME) {
            return new RuntimeDirectory(Path.of(runtime, "ninepin"), user);
        }
        return new RuntimeDirectory(Path.of("/tmp/ninepin-" + user.uid()), user);
    }

    static RuntimeDirectory ofCurrentUser() throws IOException {
        return of(User.current(), System::getenv);
    }

    /**
     * Makes the directory, or makes sure that what is there can be trusted.
     *
     * @throws IOException if it can't be made, or others could reach into it
     */
    void prepare() throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            // The mode goes into mkdir(2) itself: at no time is it open to others.
            make();
        }
        checkTrusted();
    }

    private void make() throws IOException {
        try {
            Files.createDirectories(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (final IOException e) {
            // As after su(1), which keeps the variable of the user before.
            final String wayOut = !owner.isRoot() && path.endsWith("ninepin")
                    ? "; set XDG_RUNTIME_DIR to a directory of this user, or unset it"
                    : "";
            throw new IOException(path + " cannot be made (" + Reason.of(e) + ")" + wayOut, e);
        }
    }

    /**
     * Whether the directory is there.
     *
     * @throws IOException if others could reach into it
     */
    boolean isThere() throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        checkTrusted();
        return true;
    }

    /** Where the control socket of the mount on {@code mountPoint} is, or would be. */
    Path socket(final Path mountPoint) {
        return path.resolve(MountName.of(mountPoint) + SUFFIX);
    }

    /**
     * Returns another name for {@code socket}, for the time after its mount was taken off its directory.
     *
     * @param inode of the socket, which tells it from others that had the name
     */
    Path aside(final Path socket, final long inode) {
        return path.resolve(base(socket) + "~" + Integer.toHexString(Long.hashCode(inode)) + SUFFIX);
    }

    /** Returns the second name that {@code socket} has until its mount is made. */
    Path claim(final Path socket) {
        return path.resolve(base(socket) + ".mounting");
    }

    /** Notes that what was mounted where {@code socket} belongs was unmounted just now. Called with this locked. */
    void noteUnmount(final Path socket) throws IOException {
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

    /** Whether something that was mounted where {@code socket} belongs was unmounted at {@code time}, or later. */
    boolean isUnmountedSince(final Path socket, final Instant time) {
        try {
            return isThere()
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
     * All sockets that are here, of living daemons or not, by name.
     *
     * @throws IOException if others could reach into the directory, so that nothing in it is to be believed
     */
    List<Path> sockets() throws IOException {
        if (!isThere()) {
            return List.of();
        }
        final List<Path> sockets = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(path, "*" + SUFFIX)) {
            all.forEach(sockets::add);
        }
        sockets.sort(null);
        return sockets;
    }

    /** Runs {@code action} while this thread alone changes what is here. */
    <T> T locked(final Locked<T> action) throws IOException {
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
