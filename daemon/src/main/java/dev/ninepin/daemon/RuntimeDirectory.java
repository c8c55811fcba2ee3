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
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** The longest path that fits in a sockaddr_un, in bytes (its 108 less the closing NUL). */
    private static final int MAX_SOCKET_PATH = 107;

    /** The longest name that {@link MountName} gives, and what is added to it. */
    private static final int MAX_SOCKET_NAME = 64;

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

    /** Another name for {@code socket}, which is this process's, after its mount was taken off its directory. */
    Path aside(final Path socket) {
        final String name = socket.getFileName().toString();
        return path.resolve(name.substring(0, name.length() - SUFFIX.length()) + "~"
                + ProcessHandle.current().pid() + SUFFIX);
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

    /** Runs {@code action} while this process alone changes what is here. */
    <T> T locked(final Locked<T> action) throws IOException {
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
