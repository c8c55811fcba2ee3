package dev.ninepin.share.dir;

import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Handles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directories that are open on a mount, of all users. Any thread may call any method. */
public final class OpenDirectories {
    private static final Logger LOG = LoggerFactory.getLogger(OpenDirectories.class);

    private final SharedState shared;
    private final AsideFiles asides;
    private final Listings listings = new Listings();
    private final Handles<OpenDirectory> handles = new Handles<>();

    public OpenDirectories(final SharedState shared, final AsideFiles asides) {
        this.shared = shared;
        this.asides = asides;
    }

    /**
     * Opens a directory, and returns its handle. A directory that was removed, such as "." of a process that is still in
     * it, is opened without a request.
     *
     * @param view the user who opens it
     */
    public long open(final Inode inode, final UserView view, final AttributeReader attributes) throws IOException {
        final OpenDirectory directory = newDirectory(inode, view, attributes);
        boolean opened = false;
        try {
            if (inode.removed().isEmpty()) {
                directory.open();
            }
            opened = true;
        } finally {
            if (!opened) {
                directory.close();
            }
        }
        return handles.add(directory);
    }

    /** Returns the last handle that was given out. */
    public long lastHandle() {
        return handles.last();
    }

    /** Returns the open directories for another program. */
    public List<ShareState.Directory> handOver() throws ErrnoException {
        final List<ShareState.Directory> all = new ArrayList<>();
        for (final long handle : handles.all()) {
            all.add(handles.get(handle).handOver(handle));
        }
        return all;
    }

    /**
     * Checks that another program can open all open directories again.
     *
     * @param deadline when the attempt ends, as a {@link System#nanoTime}
     * @throws ErrnoException if a directory cannot be opened; the message names the directory
     */
    public void checkOpenAgain(final long deadline) throws IOException {
        for (final long handle : handles.all()) {
            final OpenDirectory directory = handles.get(handle);
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("the server takes too long to open all directories again");
            }
            try {
                directory.checkOpensAgain();
            } catch (final IOException e) {
                throw new IOException(
                        shared.inodes().pathOf(directory.inode()) + " is open, and cannot be opened again: "
                                + e.getMessage(),
                        e);
            }
        }
    }

    /** Makes all future handles larger than {@code last}. */
    public void continueAfter(final long last) {
        handles.continueAfter(last);
    }

    /**
     * Adds a directory that another program had opened.
     *
     * @param view the user who opened the directory
     */
    public void takeOver(
            final ShareState.Directory state,
            final Inode inode,
            final UserView view,
            final AttributeReader attributes) {
        final OpenDirectory directory = newDirectory(inode, view, attributes);
        directory.takeOver(state);
        handles.takeOver(state.handle(), directory);
    }

    private OpenDirectory newDirectory(final Inode inode, final UserView view, final AttributeReader attributes) {
        return new OpenDirectory(shared, asides, listings, new DirectoryRequests(inode, view, attributes), inode);
    }

    /** Returns an open directory. Fails with EBADF if there is no such handle. */
    public OpenDirectory get(final long handle) throws ErrnoException {
        return handles.get(handle);
    }

    /** Closes a handle. Fails with EBADF if there is no such handle. */
    public void release(final long handle) throws ErrnoException {
        handles.remove(handle).close();
    }

    /** Closes all handles that are still open, after the mount has ended. */
    public void releaseAll() {
        for (final long handle : handles.all()) {
            try {
                release(handle);
            } catch (final ErrnoException e) {
                LOG.debug("directory handle {} was closed by another", handle, e);
            }
        }
    }
}
