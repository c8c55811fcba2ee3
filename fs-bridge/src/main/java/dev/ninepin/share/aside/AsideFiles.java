package dev.ninepin.share.aside;

import dev.ninepin.handover.ShareState;
import dev.ninepin.p9.ByteString;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenState;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The silly-renamed files of a share, for all its users ({@code PutAside}). Their temporary names are left out of
 * listings. Notes of the files let the next mount remove those that a crash leaves. Any thread may call any method.
 */
public final class AsideFiles {
    private static final Logger LOG = LoggerFactory.getLogger(AsideFiles.class);

    private final Inodes inodes;
    private final AsideNotes notes;

    /** The files that are silly-renamed now. */
    private final Set<Inode> aside = ConcurrentHashMap.newKeySet();

    /** The temporary names of files that could not be removed. Listings show these names from then on. */
    private final Set<ByteString> left = ConcurrentHashMap.newKeySet();

    public AsideFiles(final Inodes inodes, final AsideNotes notes) {
        this.inodes = inodes;
        this.notes = notes;
    }

    /** Returns the state of these files for another program. */
    public ShareState.Asides handOver() {
        return notes.handOver(List.copyOf(left));
    }

    /** Takes over the names of another program. */
    public void takeOver(final ShareState.Asides state) {
        left.addAll(state.shown());
    }

    /**
     * Returns whether listings leave a name out: it has the form of this mount's temporary names, and is not that of a
     * file whose removal failed.
     */
    public boolean isHidden(final ByteString name) {
        return notes.isOurs(name) && !left.contains(name);
    }

    /**
     * Returns a temporary name. A crash leaves the file with this name behind, unless {@link #note note} was called
     * before.
     */
    public ByteString newName() {
        return notes.newName();
    }

    /**
     * Returns a temporary name for a file in a directory, with a note: the next mount removes the file after a crash.
     *
     * @param user the server ID of the user who removes the file
     */
    public ByteString newName(final Inode directory, final int user) {
        final ByteString name = newName();
        note(name, directory, user);
        return name;
    }

    /** Records that a file has a name of {@link #newName(Inode, int)}. */
    public void add(final Inode inode, final OpenState.Aside hidden) {
        inode.open.putAside(hidden);
        aside.add(inode);
    }

    /**
     * Makes the note for a file that has a name of {@link #newName()}: from now on, the next mount removes the file
     * after a crash.
     */
    public void note(final Inode inode, final OpenState.Aside hidden) {
        note(hidden);
        aside.add(inode);
    }

    /** Records that a file is no longer silly-renamed, or is about to be removed. */
    public void remove(final Inode inode) {
        aside.remove(inode);
    }

    /** Removes the note of a name of {@link #newName} that no file has. Logs a failure. */
    public void forget(final ByteString name) {
        try {
            notes.remove(name);
        } catch (final IOException e) {
            LOG.warn("cannot remove the note of {}; the next mount of this share will look for that file", name, e);
        }
    }

    /** Shows a temporary name in listings from now on, since its file could not be removed. */
    public void showInListings(final ByteString name) {
        left.add(name);
    }

    /** Updates the notes of all silly-renamed files after a directory was renamed: files below it have another path. */
    public void directoryMoved() {
        for (final Inode inode : aside) {
            inode.open.aside().ifPresent(this::note);
        }
    }

    private void note(final OpenState.Aside hidden) {
        note(hidden.name().name(), hidden.name().directory(), hidden.user());
    }

    private void note(final ByteString name, final Inode directory, final int user) {
        try {
            notes.add(name, user, inodes.namesTo(directory));
        } catch (final IOException e) {
            LOG.warn("cannot write the note of {}; a crash would leave this file on the server", name, e);
        }
    }
}
