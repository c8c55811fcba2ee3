package dev.ninepin.share.aside;

import dev.ninepin.os.Descriptor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;

/**
 * The running mounts of a share on this host. Each mount locks a file of its own, {@code NAME.lock}; the kernel releases
 * the lock when the process ends. A mount calls {@link #runExclusively} to start, to end, and to look for others.
 *
 * <p>The lock belongs to the open file description ({@link Descriptor#lockDescription}), so this process may open the lock
 * files of its own mounts, and the lock stays if another program takes over.
 *
 * <p>Any thread may call any method. Locks on files exclude processes only; {@link #PROCESS_LOCK} excludes the mounts
 * of one process.
 *
 * @param directory the directory of the mounts' lock files; the lock file of {@link #runExclusively} is in its parent directory
 */
record RunningMounts(Path directory) {
    private static final String SUFFIX = ".lock";
    private static final String ALONE = "lock";
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Excludes the mounts of this process from each other; held during {@link #runExclusively}. */
    private static final Object PROCESS_LOCK = new Object();

    /** An action that must run alone. */
    @FunctionalInterface
    interface Action<T> {
        T run() throws IOException;
    }

    /** Runs an action while no other mount on this host starts, ends, or looks for others. Blocks until then. */
    <T> T runExclusively(final Action<T> action) throws IOException {
        synchronized (PROCESS_LOCK) {
            try (FileChannel file = open(directory.resolveSibling(ALONE));
                    FileLock held = file.lock()) {
                assert held.isValid();
                return action.run();
            }
        }
    }

    /**
     * Registers a mount until {@link #leave}, or the end of its process.
     *
     * @param name a name without a dot, except at its start
     * @return the locked file
     */
    Descriptor enter(final String name) throws IOException {
        final Descriptor own = Descriptor.create(ownLock(name));
        try {
            own.lockDescription();
            return own;
        } catch (final IOException | RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /** Ends the entry that {@link #enter} made. */
    void leave(final String name, final Descriptor own) throws IOException {
        own.close();
        Files.deleteIfExists(ownLock(name));
    }

    private Path ownLock(final String name) {
        return directory.resolve(name + SUFFIX);
    }

    /** Returns the names of the running mounts, and deletes the lock files of all others. */
    Set<String> names() throws IOException {
        final Set<String> living = new HashSet<>();
        try (DirectoryStream<Path> locks = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (final Path lock : locks) {
                final String file = lock.getFileName().toString();
                if (isHeld(lock)) {
                    living.add(file.substring(0, file.indexOf('.', 1)));
                } else {
                    Files.deleteIfExists(lock);
                }
            }
        }
        return living;
    }

    /** Returns whether a file in the directory is a lock file. */
    static boolean isLock(final String file) {
        return file.endsWith(SUFFIX);
    }

    private static boolean isHeld(final Path lock) throws IOException {
        try (FileChannel file = open(lock);
                FileLock held = file.tryLock()) {
            return held == null;
        }
    }

    private static FileChannel open(final Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                OWNER_ONLY);
    }
}
