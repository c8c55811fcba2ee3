package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a share that are put aside, whichever user did it ({@link PutAside}): the names that they get, which
 * directories don't show, and the notes that are made of them. Any thread.
 */
final class AsideFiles {
    private static final Logger LOG = LoggerFactory.getLogger(AsideFiles.class);

    private final Inodes inodes;
    private final AsideNotes notes;

    /** What is put aside now. */
    private final Set<Inode> aside = ConcurrentHashMap.newKeySet();

    /** Names that could not be removed, and are seen by all from then on. */
    private final Set<ByteString> left = ConcurrentHashMap.newKeySet();

    AsideFiles(final Inodes inodes, final AsideNotes notes) {
        this.inodes = inodes;
        this.notes = notes;
    }

    /** Whether a name is that of a file put aside by this mount, or one that was: not to be shown. */
    boolean isHidden(final ByteString name) {
        return notes.isOurs(name) && !left.contains(name);
    }

    /** A name for a file that is to be put aside; what gets it stays after a crash, until it is {@link #note noted}. */
    ByteString newName() {
        return notes.newName();
    }

    /**
     * A name for a file that is to be put aside in a directory, and to be removed {@code by} somebody; what gets it is
     * removed even after a crash.
     */
    ByteString newName(final Inode directory, final PutAside by) {
        final ByteString name = newName();
        note(name, directory, by);
        return name;
    }

    /** A file has got a {@link #newName(Inode, PutAside)}; {@code by} is to remove it. */
    void add(final Inode inode, final Inode.Name name, final PutAside by) {
        inodes.putAside(inode, name, by);
        aside.add(inode);
    }

    /** What is put aside under a {@link #newName()} is to be removed even after a crash from here on. */
    void note(final Inode inode, final Inode.Name name, final PutAside by) {
        note(name.name(), name.directory(), by);
        aside.add(inode);
    }

    /** A file is not put aside any more, or is about to go. */
    void remove(final Inode inode) {
        aside.remove(inode);
    }

    /** Nothing has a name of {@link #newName} any more, or ever had. */
    void forget(final ByteString name) {
        try {
            notes.remove(name);
        } catch (final IOException e) {
            LOG.warn("the note of {} could not be removed; the next mount of the share looks for that file", name, e);
        }
    }

    /** A file could not be removed: it is seen from here on. */
    void left(final ByteString name) {
        left.add(name);
    }

    /** A directory was renamed: what is put aside in it, or below, is elsewhere now. */
    void directoryMoved() {
        for (final Inode inode : aside) {
            inodes.asideBy(inode)
                    .ifPresent(by -> inodes.aside(inode).ifPresent(name -> note(name.name(), name.directory(), by)));
        }
    }

    private void note(final ByteString name, final Inode directory, final PutAside by) {
        try {
            notes.add(name, by.user(), inodes.namesTo(directory));
        } catch (final IOException e) {
            LOG.warn("no note could be made of {}, so that a crash would leave it", name, e);
        }
    }
}
