package dev.ninepin.share.file;

import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.inode.Handles;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.lock.FileLocks;
import dev.ninepin.share.path.Syncs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The hand-over of open files and locks from one program to another. Any thread may call any method. */
public final class FileHandOver {
    private final Session session;
    private final Inodes inodes;
    private final CacheMode cache;
    private final Syncs syncs;
    private final ReadBack readBack;
    private final Handles<OpenFile> handles;
    private final FileLocks locks;

    FileHandOver(
            final Session session,
            final Inodes inodes,
            final CacheMode cache,
            final Syncs syncs,
            final ReadBack readBack,
            final Handles<OpenFile> handles,
            final FileLocks locks) {
        this.session = session;
        this.inodes = inodes;
        this.cache = cache;
        this.syncs = syncs;
        this.readBack = readBack;
        this.handles = handles;
        this.locks = locks;
    }

    /**
     * Syncs the open files with unsynced changes if the server may run on another host. The next program would not
     * notice a crash of that host.
     */
    public void syncChanges() throws IOException {
        if (!session.mayLoseUnsynced()) {
            return;
        }
        for (final long handle : handles.all()) {
            final OpenFile file = handles.get(handle);
            if (file.inode().unsynced.any()) {
                file.inode().pending.await();
                sync(file);
            }
        }
    }

    private void sync(final OpenFile file) throws IOException {
        try {
            syncs.run(
                    file.inode(),
                    expected -> readBack.isAsExpected(file, expected),
                    () -> session.repeatIfLost(
                            () -> session.fsync(file.fid(), false).await()));
        } catch (final RemoteException e) {
            // The server's host reports such a failure only once, and this fsync(2) was not a program's.
            file.inode().pending.recordFailure(e);
            throw new IOException("the server cannot keep " + inodes.pathOf(file.inode()) + ": " + e.getMessage(), e);
        }
    }

    /**
     * Blocks until all writes are answered, and checks that another program can open all open files again. No request
     * of the kernel may be in progress.
     *
     * @param deadline when the wait ends, as a {@link System#nanoTime}
     * @throws IOException if a file cannot be handed over; the message names the file
     */
    public void check(final long deadline) throws IOException {
        for (final long handle : handles.all()) {
            final OpenFile file = handles.get(handle);
            final PendingWrites pending = file.inode().pending;
            pending.await(deadline - System.nanoTime());
            pending.recordAnswered();
            final String path = inodes.pathOf(file.inode());
            if (pending.any()) {
                throw new IOException("the server has not answered all writes to " + path);
            } else if (file.hasUntoldFailure()) {
                throw new IOException("a write to " + path + " has failed, and its program was not told yet");
            } else if (System.nanoTime() - deadline > 0) {
                throw new IOException("the server takes too long to open all files again");
            }
            try {
                file.checkOpensAgain();
            } catch (final IOException e) {
                throw new IOException(path + " is open, and cannot be opened again: " + e.getMessage(), e);
            }
        }
    }

    /** Returns the last handle that was given out. */
    public long lastHandle() {
        return handles.last();
    }

    /** Returns the open files for another program. */
    public List<ShareState.File> files() throws ErrnoException {
        final List<ShareState.File> all = new ArrayList<>();
        for (final long handle : handles.all()) {
            all.add(handles.get(handle).handOver(handle));
        }
        return all;
    }

    /** Returns the locks that programs hold, for another daemon. */
    public List<ShareState.Lock> locks() {
        return locks.handOver();
    }

    /** Makes all future handles larger than {@code last}. */
    public void continueAfter(final long last) {
        handles.continueAfter(last);
    }

    /** Adds a file that another program had opened. */
    public void takeOver(final long handle, final OpenFile file, final boolean alwaysDrops) {
        inodes.opened(file.inode(), file);
        file.inode().pages.takeOverOpen(alwaysDrops || cache == CacheMode.NONE);
        handles.takeOver(handle, file);
    }

    /** Adds a lock of another program. */
    public void takeOver(final ShareState.Lock state) throws ErrnoException {
        locks.takeOver(state, handles.get(state.lock().handle()));
    }

    /** Requests the locks of another program from the server. */
    public void regainLocks() {
        locks.regainAll();
    }
}
