package dev.ninepin.share.dir;

import dev.ninepin.operations.ErrnoException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Handles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
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
        final OpenDirectory directory =
                new OpenDirectory(shared, asides, listings, new DirectoryRequests(inode, view, attributes), inode);
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
