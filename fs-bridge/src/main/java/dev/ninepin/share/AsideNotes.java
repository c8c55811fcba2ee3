package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
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
 * The names of files that are put aside, and notes of them on this host: what a mount had put aside when it was killed,
 * the next mount of that share finds here, and removes.
 *
 * <pre>
 * DIRECTORY/           of one share; there while it is mounted, or something is left
 *   PREFIX….lock       says that the mount whose names begin with PREFIX lives: {@link LivingMounts}
 *   NAME               of a file put aside; holds by whom (the server's number of the user), and where: the names from the
 *                      share's root on; each with a NUL behind
 * </pre>
 *
 * <p>A note is written before its file gets the name, and is gone after the file. It is not synced: a power failure may
 * lose what was noted in the last seconds. Any thread; the lock of this object guards the notes' files.
 */
final class AsideNotes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AsideNotes.class);

    private static final String START = ".ninepin-";
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Random, to keep two mounts of the same share from using the same names. */
    private final String prefix = String.format(Locale.ROOT, START + "%016x-", new SecureRandom().nextLong());

    private final ByteString prefixBytes = ByteString.of(prefix);
    private final AtomicLong last = new AtomicLong();

    /** Those with notes in the same directory; null where no notes are made. */
    private final @Nullable LivingMounts mounts;

    @GuardedBy("this")
    private @Nullable FileChannel living;

    /**
     * A file that a mount had put aside, which lives no more.
     *
     * @param name as it is hidden
     * @param user who did it, by the server's number
     * @param path the names of the directories above it, from the share's root on
     */
    record Left(ByteString name, int user, List<ByteString> path) {}

    private AsideNotes(final @Nullable LivingMounts mounts) {
        this.mounts = mounts;
    }

    /** Names only: what a crash leaves then stays. */
    static AsideNotes none() {
        return new AsideNotes(null);
    }

    /**
     * Notes in {@code directory}, which is one share's, and is made if need be; a lock is beside it.
     *
     * @throws IOException if nothing can be written there
     */
    static AsideNotes in(final Path directory) throws IOException {
        Files.createDirectories(directory.toAbsolutePath().getParent(), PRIVATE);
        final LivingMounts mounts = new LivingMounts(directory);
        final AsideNotes notes = new AsideNotes(mounts);
        notes.begin(mounts);
        return notes;
    }

    private synchronized void begin(final LivingMounts all) throws IOException {
        living = all.alone(() -> {
            Files.createDirectories(all.directory(), PRIVATE);
            return all.enter(prefix);
        });
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
     * @param user who can remove it, by the server's number
     * @param path the names of the directories above it; empty if that is not known, and then nothing is noted
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

    /** The file of this name is no more, or not put aside any more. */
    synchronized void remove(final ByteString name) throws IOException {
        if (mounts != null) {
            Files.deleteIfExists(mounts.directory().resolve(name.toString()));
        }
    }

    /** What mounts have left that live no more. */
    synchronized List<Left> left() throws IOException {
        if (mounts == null) {
            return List.of();
        }
        final LivingMounts all = mounts;
        return all.alone(() -> leftBeside(all));
    }

    private static List<Left> leftBeside(final LivingMounts mounts) throws IOException {
        final List<Left> left = new ArrayList<>();
        final Set<String> alive = mounts.names();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(mounts.directory(), START + "*")) {
            for (final Path file : files) {
                final String name = file.getFileName().toString();
                if (LivingMounts.isLock(name) || alive.contains(prefixOf(name))) {
                    continue;
                }
                try {
                    left.add(left(ByteString.of(name), fields(Files.readAllBytes(file))));
                } catch (final IllegalArgumentException e) {
                    LOG.warn("the note {} can't be read, and so nobody looks for that file", file, e);
                    Files.delete(file);
                }
            }
        }
        return left;
    }

    /** @throws IllegalArgumentException if the note was not written, or not all of it: the disk was full, or power failed */
    private static Left left(final ByteString name, final List<ByteString> fields) {
        if (fields.isEmpty()) {
            throw new IllegalArgumentException("it is empty");
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

    /** The mount is gone. What is noted still, the next one removes. */
    @Override
    public synchronized void close() throws IOException {
        if (mounts == null || living == null) {
            return;
        }
        final LivingMounts all = mounts;
        final FileChannel own = living;
        living = null;
        all.alone(() -> {
            all.leave(prefix, own);
            try {
                return Files.deleteIfExists(all.directory());
            } catch (final DirectoryNotEmptyException e) {
                // Another mount of the share lives, or something is left.
                return false;
            }
        });
    }
}
