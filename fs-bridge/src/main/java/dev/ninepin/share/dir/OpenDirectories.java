package dev.ninepin.share.dir;

import dev.ninepin.operations.ErrnoException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.inode.Handles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.FidOpening;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.SharedState;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directories that are open on a mount, of all users. Any thread may call any method. */
public final class OpenDirectories {
    private static final Logger LOG = LoggerFactory.getLogger(OpenDirectories.class);

    private final SharedState shared;
    private final AsideFiles asides;
    private final FidOpening opening;
    private final Handles<OpenDirectory> handles = new Handles<>();

    public OpenDirectories(final SharedState shared, final AsideFiles asides) {
        this.shared = shared;
        this.asides = asides;
        this.opening = new FidOpening(shared.session(), shared.options().accessTimes());
    }

    /**
     * Opens a directory, and returns its handle.
     *
     * @param paths the requests of the user who opens it
     */
    public long open(final Inode inode, final FilePaths paths) throws IOException {
        if (inode.removed().isPresent()) {
            return handles.add(new OpenDirectory(shared, asides, inode, null));
        }
        final FilePaths.Attempt<Integer> open = () -> paths.copy(inode, copy -> {
            opening.directory(copy);
            return copy;
        });
        return handles.add(new OpenDirectory(shared, asides, inode, new DirectoryFid(shared.session(), open)));
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
