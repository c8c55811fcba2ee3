package dev.ninepin.share.aside;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The removal of silly-renamed files that killed mounts of this share left behind. Each is removed as the user who put
 * it aside.
 */
public final class AsideLeftovers {
    /** The errnos that mean that a file is already gone. */
    private static final Set<Integer> GONE = Set.of(Errno.ENOENT, Errno.ENOTDIR, Errno.ESTALE);

    private static final Logger LOG = LoggerFactory.getLogger(AsideLeftovers.class);

    private final IntFunction<FileOperations> filesOf;
    private final AsideNotes notes;

    /**
     * @param filesOf returns the share's operations for a user, given by server ID
     */
    public AsideLeftovers(final IntFunction<FileOperations> filesOf, final AsideNotes notes) {
        this.filesOf = filesOf;
        this.notes = notes;
    }

    /**
     * Removes the files that earlier mounts left. Logs failures; the note of a file that could not be removed stays for
     * the next mount. Blocks until the server has answered.
     */
    public void remove() {
        try {
            for (final AsideNotes.Left left : notes.left()) {
                remove(left);
            }
        } catch (final IOException e) {
            LOG.warn("cannot read the notes of files that earlier mounts of this share left: {}", e.getMessage(), e);
        }
    }

    private void remove(final AsideNotes.Left left) {
        try {
            unlink(left);
            LOG.info("removed {}, which was open when an earlier mount of this share was killed", left.name());
        } catch (final IOException e) {
            if (!GONE.contains(Errno.of(e))) {
                LOG.warn(
                        "cannot remove {}, left by an earlier mount of this share: {}; the next mount tries again",
                        left.name(),
                        e.getMessage(),
                        e);
                return;
            }
        }
        try {
            notes.remove(left.name());
        } catch (final IOException e) {
            LOG.warn(
                    "the note of {} could not be removed; the next mount looks for that file: {}",
                    left.name(),
                    e.toString());
        }
    }

    private void unlink(final AsideNotes.Left left) throws IOException {
        final FileOperations files = filesOf.apply(left.user());
        final Deque<Long> nodes = new ArrayDeque<>();
        try {
            long directory = FileOperations.ROOT;
            for (final ByteString step : left.path()) {
                directory = files.lookup(directory, step).node();
                nodes.push(directory);
            }
            files.unlink(directory, left.name());
        } finally {
            nodes.forEach(node -> files.forget(node, 1));
        }
    }
}
