package dev.ninepin.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * A flock(2) lock on a file. It excludes other processes, and other holders in this process. The kernel releases it
 * when the process ends for any reason.
 */
public final class LockFile implements AutoCloseable {
    private final Descriptor descriptor;

    private LockFile(final Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Takes the lock of {@code file}, and blocks until it is available. Creates the file and its directory if they do
     * not exist.
     */
    public static LockFile take(final Path file) throws IOException {
        final Descriptor descriptor = open(file);
        try {
            descriptor.lock();
            return new LockFile(descriptor);
        } catch (final IOException e) {
            descriptor.close();
            throw e;
        }
    }

    /** Takes the lock of {@code file} as {@link #take} does, but returns empty instead of blocking. */
    public static Optional<LockFile> tryTake(final Path file) throws IOException {
        final Descriptor descriptor = open(file);
        boolean taken = false;
        try {
            taken = descriptor.tryLock();
        } finally {
            if (!taken) {
                descriptor.close();
            }
        }
        return taken ? Optional.of(new LockFile(descriptor)) : Optional.empty();
    }

    private static Descriptor open(final Path file) throws IOException {
        final Path directory = file.getParent();
        if (directory != null && !Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return Descriptor.create(file);
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
