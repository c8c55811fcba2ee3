package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The names of files that are put aside, and notes of them on this host: what a mount had put aside when it was killed,
 * the next mount of that share finds here, and removes.
 *
 * <pre>
 * lock                 held by whoever begins, ends, or looks for what others have left
 * DIRECTORY/           of one share; there while it is mounted, or something is left
 *   PREFIX.lock        held by the mount whose names begin with PREFIX, as long as it lives
 *   NAME               of a file put aside; holds where: the names from the share's root on, each with a NUL behind
 * </pre>
 *
 * <p>A note is written before its file gets the name, and is gone after the file. It is not synced: a power failure may
 * lose what was noted in the last seconds. Any thread; the lock of this object guards the notes' files.
 */
final class AsideNotes implements AutoCloseable {
    private static final String LOCK = "lock";
    private static final String LOCK_SUFFIX = "." + LOCK;
    private static final String START = ".ninepin-";
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Random, to keep two mounts of the same share from using the same names. */
    private final String prefix = String.format(Locale.ROOT, START + "%016x-", new SecureRandom().nextLong());

    private final ByteString prefixBytes = ByteString.of(prefix);
    private final AtomicLong last = new AtomicLong();

    /** Null where no notes are made. */
    private final @Nullable Path directory;

    @GuardedBy("this")
    private @Nullable FileChannel living;

    /**
     * A file that a mount had put aside, which lives no more.
     *
     * @param name as it is hidden
     * @param path the names of the directories above it, from the share's root on
     */
    record Left(ByteString name, List<ByteString> path) {}

    private AsideNotes(final @Nullable Path directory) {
        this.directory = directory;
    }

    /** Names only: what a crash leaves then stays. */
    static AsideNotes none() {
        return new AsideNotes(null);
    }

    /**
     * Notes in {@code directory}, which is one share's, and is made if need be; the lock is beside it.
     *
     * @throws IOException if nothing can be written there
     */
    static AsideNotes in(final Path directory) throws IOException {
        Files.createDirectories(directory.toAbsolutePath().getParent(), PRIVATE);
        final AsideNotes notes = new AsideNotes(directory);
        notes.begin(directory);
        return notes;
    }

    private synchronized void begin(final Path notes) throws IOException {
        try (FileChannel alone = alone(notes)) {
            assert alone.isOpen();
            Files.createDirectories(notes, PRIVATE);
            final FileChannel own = open(notes.resolve(prefix + LOCK_SUFFIX));
            living = own;
            own.lock();
        }
    }

    /** While this is open, no other process begins, ends, or looks for what others have left. */
    private static FileChannel alone(final Path notes) throws IOException {
        final FileChannel lock = open(notes.resolveSibling(LOCK));
        try {
            lock.lock();
            return lock;
        } catch (final IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Whether a name begins as those of this mount do. */
    boolean isOurs(final ByteString name) {
        return name.startsWith(prefixBytes);
    }

    /** A name that no file has. */
    ByteString newName() {
        return ByteString.of(prefix + Long.toHexString(last.incrementAndGet()));
    }

    /**
     * Notes that a file is about to get a name of {@link #newName}, or where it is by now.
     *
     * @param path the names of the directories above it; empty if that is not known, and then nothing is noted
     */
    synchronized void add(final ByteString name, final Optional<List<ByteString>> path) throws IOException {
        if (directory == null || path.isEmpty()) {
            return;
        }
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (final ByteString step : path.get()) {
            bytes.writeBytes(step.toBytes());
            bytes.write(0);
        }
        Files.write(directory.resolve(name.toString()), bytes.toByteArray());
    }

    /** The file of this name is no more, or not put aside any more. */
    synchronized void remove(final ByteString name) throws IOException {
        if (directory != null) {
            Files.deleteIfExists(directory.resolve(name.toString()));
        }
    }

    /** What mounts have left that live no more. */
    synchronized List<Left> left() throws IOException {
        if (directory == null) {
            return List.of();
        }
        final List<Left> left = new ArrayList<>();
        try (FileChannel alone = alone(directory)) {
            assert alone.isOpen();
            final Set<String> alive = livingPrefixes(directory);
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, START + "*")) {
                for (final Path file : files) {
                    final String name = file.getFileName().toString();
                    if (!name.endsWith(LOCK_SUFFIX) && !alive.contains(prefixOf(name))) {
                        left.add(new Left(ByteString.of(name), steps(Files.readAllBytes(file))));
                    }
                }
            }
        }
        return left;
    }

    /** Those of the mounts that hold their lock; the locks of others are removed. */
    private Set<String> livingPrefixes(final Path notes) throws IOException {
        final Set<String> living = new HashSet<>(Set.of(prefix));
        try (DirectoryStream<Path> locks = Files.newDirectoryStream(notes, START + "*" + LOCK_SUFFIX)) {
            for (final Path lock : locks) {
                final String name = lock.getFileName().toString();
                final String owner = name.substring(0, name.length() - LOCK_SUFFIX.length());
                if (owner.equals(prefix)) {
                    continue;
                }
                if (isHeld(lock)) {
                    living.add(owner);
                } else {
                    Files.deleteIfExists(lock);
                }
            }
        }
        return living;
    }

    private static boolean isHeld(final Path lock) throws IOException {
        try (FileChannel file = open(lock);
                FileLock held = file.tryLock()) {
            return held == null;
        } catch (final OverlappingFileLockException e) {
            return true;
        }
    }

    private static String prefixOf(final String name) {
        return name.substring(0, name.lastIndexOf('-') + 1);
    }

    private static List<ByteString> steps(final byte... bytes) {
        final List<ByteString> steps = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == 0) {
                steps.add(ByteString.copyOf(Arrays.copyOfRange(bytes, start, i)));
                start = i + 1;
            }
        }
        return steps;
    }

    private static FileChannel open(final Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                OWNER_ONLY);
    }

    /** The mount is gone. What is noted still, the next one removes. */
    @Override
    public synchronized void close() throws IOException {
        if (directory == null || living == null) {
            return;
        }
        try (FileChannel alone = alone(directory)) {
            assert alone.isOpen();
            living.close();
            living = null;
            Files.deleteIfExists(directory.resolve(prefix + LOCK_SUFFIX));
            try {
                Files.deleteIfExists(directory);
            } catch (final DirectoryNotEmptyException e) {
                // Another mount of the share lives, or something is left.
                return;
            }
        }
    }
}
