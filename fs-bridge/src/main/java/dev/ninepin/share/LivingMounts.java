package dev.ninepin.share;

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
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Which mounts of a share live on this host: each holds a lock on a file of its own, {@code NAME.PROCESS.lock}, which ends
 * with its process. Who comes, goes, or looks for the others does so {@link #alone}.
 *
 * <p>A process loses its lock on a file when it closes any descriptor of that file (fcntl(2)). So nobody opens those of
 * mounts of this process but they themselves; {@code PROCESS} tells which they are.
 *
 * <p>Any thread; {@link #PROCESS_LOCK} is what the lock between processes is to the mounts of one.
 *
 * @param directory where their locks are; that for being alone is beside it
 */
record LivingMounts(Path directory) {
    private static final String SUFFIX = ".lock";
    private static final String ALONE = "lock";
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** Random, and no process number: that may be the one of a process that was killed. */
    private static final String PROCESS = String.format(Locale.ROOT, ".%016x", new SecureRandom().nextLong());

    private static final Object PROCESS_LOCK = new Object();

    /** What is done alone. */
    @FunctionalInterface
    interface Action<T> {
        T run() throws IOException;
    }

    /** Does something while no other mount comes, goes, or looks for others. */
    <T> T alone(final Action<T> action) throws IOException {
        synchronized (PROCESS_LOCK) {
            try (FileChannel file = open(directory.resolveSibling(ALONE));
                    FileLock held = file.lock()) {
                assert held.isValid();
                return action.run();
            }
        }
    }

    /** A mount comes, whose name has no dot but maybe its first; it lives until it goes, or its process ends. */
    FileChannel enter(final String name) throws IOException {
        final FileChannel own = open(ownLock(name));
        try {
            own.lock();
            return own;
        } catch (final IOException | RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /** A mount goes that came with {@link #enter}. */
    void leave(final String name, final FileChannel own) throws IOException {
        own.close();
        Files.deleteIfExists(ownLock(name));
    }

    private Path ownLock(final String name) {
        return directory.resolve(name + PROCESS + SUFFIX);
    }

    /** The names of those that live; the locks of others are removed. */
    Set<String> names() throws IOException {
        final Set<String> living = new HashSet<>();
        try (DirectoryStream<Path> locks = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (final Path lock : locks) {
                final String file = lock.getFileName().toString();
                if (file.endsWith(PROCESS + SUFFIX) || isHeld(lock)) {
                    living.add(file.substring(0, file.indexOf('.', 1)));
                } else {
                    Files.deleteIfExists(lock);
                }
            }
        }
        return living;
    }

    /** Whether a file in the directory is one of these locks. */
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
