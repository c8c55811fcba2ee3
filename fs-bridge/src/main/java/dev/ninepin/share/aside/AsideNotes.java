package dev.ninepin.share.aside;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.handover.ShareState;
import dev.ninepin.os.Descriptor;
import dev.ninepin.p9.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary names of silly-renamed files, and the notes of them on this host. If a mount is killed, the next mount
 * of the share finds the notes and removes the files.
 *
 * <pre>
 * DIRECTORY/           of one share; exists while the share is mounted or a note is left
 *   PREFIX.lock        marks the mount whose names begin with PREFIX as running: {@link RunningMounts}
 *   NAME               of a silly-renamed file; contains the server ID of the user who put it aside, and the names
 *                      on the path from the share's root to its directory; a NUL follows each
 * </pre>
 *
 * <p>A note is written before its file gets the name, and removed after the file. Notes are not synced, so a power
 * failure may lose those of the last seconds. Any thread may call any method; the lock of this object guards the files
 * with the notes.
 */
public final class AsideNotes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AsideNotes.class);

    private static final String START = ".ninepin-";
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Random, so that two mounts of a share never use the same names. */
    private final String prefix;

    private final ByteString prefixBytes;
    private final AtomicLong last;

    /** The running mounts with notes in the same directory; null if no notes are made. */
    private final @Nullable RunningMounts mounts;

    @GuardedBy("this")
    private @Nullable Descriptor living;

    /**
     * A silly-renamed file of a mount that is no longer running.
     *
     * @param name the temporary name
     * @param user the server ID of the user who put the file aside
     * @param path the names on the path from the share's root to the file's directory
     */
    record Left(ByteString name, int user, List<ByteString> path) {}

    private AsideNotes(final @Nullable RunningMounts mounts, final String prefix, final long last) {
        this.mounts = mounts;
        this.prefix = prefix;
        this.prefixBytes = ByteString.of(prefix);
        this.last = new AtomicLong(last);
    }

    private AsideNotes(final @Nullable RunningMounts mounts) {
        this(mounts, String.format(Locale.ROOT, START + "%016x-", new SecureRandom().nextLong()), 0);
    }

    /** Returns the state of these names and notes for another program. */
    synchronized ShareState.Asides handOver(final List<ByteString> shown) {
        return new ShareState.Asides(prefix, last.get(), shown, living == null ? -1 : living.number());
    }

    /**
     * Returns an instance that takes over the names and notes of another program.
     *
     * @param directory the directory of the notes, if there is one
     */
    public static AsideNotes takeOver(final Optional<Path> directory, final ShareState.Asides state) {
        final RunningMounts mounts =
                directory.isEmpty() || state.lock() < 0 ? null : new RunningMounts(directory.get());
        final AsideNotes notes = new AsideNotes(mounts, state.prefix(), state.last());
        if (mounts != null) {
            notes.living(Descriptor.of(state.lock(), "the lock file of the notes", (number, thread) -> {}));
        }
        return notes;
    }

    private synchronized void living(final Descriptor lock) {
        living = lock;
    }

    /** Returns an instance that generates names but makes no notes. A crash leaves silly-renamed files behind. */
    public static AsideNotes none() {
        return new AsideNotes(null);
    }

    /**
     * Returns an instance that keeps notes in {@code directory}, which belongs to one share and is created if it is
     * missing. A lock file is created in its parent directory.
     *
     * @throws IOException if the directory can't be created or written to
     */
    public static AsideNotes in(final Path directory) throws IOException {
        Files.createDirectories(directory.toAbsolutePath().getParent(), PRIVATE);
        final RunningMounts mounts = new RunningMounts(directory);
        final AsideNotes notes = new AsideNotes(mounts);
        notes.begin(mounts);
        return notes;
    }

    private synchronized void begin(final RunningMounts all) throws IOException {
        living = all.runExclusively(() -> {
            Files.createDirectories(all.directory(), PRIVATE);
            return all.enter(prefix);
        });
    }

    /** Returns whether a name has the form of this mount's temporary names. */
    boolean isOurs(final ByteString name) {
        return name.startsWith(prefixBytes);
    }

    /** Returns a temporary name that no file has. */
    ByteString newName() {
        return ByteString.of(prefix + Long.toHexString(last.incrementAndGet()));
    }

    /**
     * Writes the note of a file that is about to get a name of {@link #newName}, or whose directory was moved.
     *
     * @param user the server ID of a user who can remove the file
     * @param path the names on the path from the share's root to the file's directory; if empty, the path is not known,
     *     and no note is made
     */
    synchronized void add(final ByteString name, final int user, final Optional<List<ByteString>> path)
            throws IOException {
        if (mounts == null || path.isEmpty()) {
            return;
        }
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        add(bytes, ByteString.of(Integer.toUnsignedString(user)));
        path.get().forEach(step -> add(bytes, step));
        Files.write(mounts.directory().resolve(name.toString()), bytes.toByteArray());
    }

    private static void add(final ByteArrayOutputStream bytes, final ByteString field) {
        bytes.writeBytes(field.toBytes());
        bytes.write(0);
    }

    /** Removes the note of a file that was removed, or is no longer silly-renamed. */
    synchronized void remove(final ByteString name) throws IOException {
        if (mounts != null) {
            Files.deleteIfExists(mounts.directory().resolve(name.toString()));
        }
    }

    /** Returns the silly-renamed files of mounts that are no longer running. */
    synchronized List<Left> left() throws IOException {
        if (mounts == null) {
            return List.of();
        }
        final RunningMounts all = mounts;
        return all.runExclusively(() -> leftBeside(all));
    }

    private static List<Left> leftBeside(final RunningMounts mounts) throws IOException {
        final List<Left> left = new ArrayList<>();
        final Set<String> alive = mounts.names();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(mounts.directory(), START + "*")) {
            for (final Path file : files) {
                final String name = file.getFileName().toString();
                if (RunningMounts.isLock(name) || alive.contains(prefixOf(name))) {
                    continue;
                }
                try {
                    left.add(left(ByteString.of(name), fields(Files.readAllBytes(file))));
                } catch (final NoSuchFileException e) {
                    LOG.debug("another mount, which began at the same time, has removed {}", file);
                } catch (final IllegalArgumentException e) {
                    LOG.warn("cannot parse the note {}; the file it names may stay on the server", file, e);
                    Files.deleteIfExists(file);
                } catch (final IOException e) {
                    LOG.warn("cannot read the note {}; the file it names stays until the next mount", file, e);
                }
            }
        }
        return left;
    }

    /**
     * @throws IllegalArgumentException if the note is incomplete, because the disk was full or the power failed
     */
    private static Left left(final ByteString name, final List<ByteString> fields) {
        if (fields.isEmpty()) {
            throw new IllegalArgumentException("the note is empty");
        }
        final int user = Integer.parseUnsignedInt(fields.get(0).toString());
        return new Left(name, user, List.copyOf(fields.subList(1, fields.size())));
    }

    private static String prefixOf(final String name) {
        return name.substring(0, name.lastIndexOf('-') + 1);
    }

    private static List<ByteString> fields(final byte... bytes) {
        final List<ByteString> fields = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == 0) {
                fields.add(ByteString.copyOf(Arrays.copyOfRange(bytes, start, i)));
                start = i + 1;
            }
        }
        return fields;
    }

    /**
     * Ends this mount's entry, and deletes the directory if it is empty. The next mount removes the files whose notes
     * remain.
     */
    @Override
    public synchronized void close() throws IOException {
        if (mounts == null || living == null) {
            return;
        }
        final RunningMounts all = mounts;
        final Descriptor own = living;
        living = null;
        all.runExclusively(() -> {
            all.leave(prefix, own);
            try {
                return Files.deleteIfExists(all.directory());
            } catch (final DirectoryNotEmptyException e) {
                // Another mount of the share is running, or notes are left.
                return false;
            }
        });
    }
}
