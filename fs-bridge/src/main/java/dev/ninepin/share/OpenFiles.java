package dev.ninepin.share;

import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.ReadReply;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The regular files that are open, whoever has opened them ({@link Opening}): what is done with one goes over its own fid,
 * whoever has its descriptor by then. Any thread.
 */
final class OpenFiles {
    private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final NameLocks locks;
    private final CacheMode cache;
    private final FileData data;
    private final FileLocks fileLocks;
    private final Handles<OpenFile> handles = new Handles<>();

    OpenFiles(final Session session, final Inodes inodes, final NameLocks locks, final CacheMode cache) {
        this.session = session;
        this.fids = session.fids();
        this.inodes = inodes;
        this.locks = locks;
        this.cache = cache;
        this.fileLocks = new FileLocks(session);
        this.data = new FileData(session);
    }

    /** A file was opened; its handle. */
    long add(final OpenFile file) {
        inodes.opened(file.inode(), file);
        if (cache == CacheMode.NONE) {
            // The kernel drops pages before it writes without them, or when it hears of attributes.
            file.inode().rereads().mayAlwaysBeDropped();
        }
        return handles.add(file);
    }

    OpenFile get(final long handle) throws ErrnoException {
        return handles.get(handle);
    }

    ReadResult readWithoutPages(final long handle, final long offset, final int count) throws IOException {
        return data.read(handles.get(handle), offset, count);
    }

    ReadResult read(final long handle, final long offset, final int count) throws IOException {
        final OpenFile file = handles.get(handle);
        final Optional<Runnable> replied = file.inode().rereads().reading(offset, count);
        ReadResult result = null;
        try {
            result = data.read(file, offset, count);
            file.inode()
                    .wasRead(offset + result.data().remaining(), result.data().remaining() < count);
        } finally {
            if (result == null) {
                replied.ifPresent(Runnable::run);
            }
        }
        return replied.isEmpty() ? result : new WatchedRead(result, replied.get());
    }

    boolean isShownEmpty(final long handle) throws ErrnoException {
        final OpenFile file = handles.get(handle);
        final Rgetattr seen = file.inode().attributes();
        final boolean isEmpty = file.isForReadingOnly() && seen != null && seen.size() == 0;
        if (isEmpty) {
            // If it is opened without pages, the kernel drops those that there are before it is mapped.
            file.inode().rereads().mayAlwaysBeDropped();
        }
        return isEmpty;
    }

    /** What can't be read does not end at its size, either. */
    boolean hidesContents(final long handle) throws IOException {
        final OpenFile file = handles.get(handle);
        try (ReadReply first = session.read(file.fid(), 0, 1).await()) {
            return first.data().hasRemaining();
        } catch (final RemoteException e) {
            LOG.trace("node {} can't be read", file.inode().node(), e);
            return true;
        }
    }

    int write(final long handle, final long offset, final ByteBuffer bytes, final int flags) throws IOException {
        final OpenFile file = handles.get(handle);
        file.beginWrite();
        file.inode().data.changing();
        try {
            final int written = data.write(file, offset, bytes, flags);
            file.inode().wasWritten(offset + written);
            return written;
        } finally {
            file.inode().data.changed();
        }
    }

    /** What was read, which the kernel has its reply of when it is closed. */
    private record WatchedRead(ReadResult result, Runnable replied) implements ReadResult {
        @Override
        public ByteBuffer data() {
            return result.data();
        }

        @Override
        public void close() {
            try {
                result.close();
            } finally {
                replied.run();
            }
        }
    }

    void written(final long handle, final long offset, final int size, final PageDrop drop) throws ErrnoException {
        handles.get(handle).inode().rereads().written(offset, size, drop);
    }

    void flush(final long handle, final long owner) throws ErrnoException {
        final OpenFile file = handles.get(handle);
        file.flush();
        fileLocks.ownerClosed(file.inode(), owner);
    }

    Optional<FileLock> lockInTheWay(final FileLock wanted) throws IOException {
        return fileLocks.inTheWay(wanted, handles.get(wanted.handle()));
    }

    void lock(final FileLock wanted, final boolean wait, final KernelData kernel) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        fileLocks.lock(wanted, file, wait, () -> dropData(file.inode(), kernel));
    }

    void flock(final FileLock wanted, final boolean wait, final KernelData kernel) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        fileLocks.flock(wanted, file, wait, () -> dropData(file.inode(), kernel));
    }

    /** The file may have changed there until it was locked; what this host has of it can't tell. */
    void dropData(final Inode inode, final KernelData kernel) throws IOException {
        if (cache != CacheMode.LOOSE) {
            drop(inode, inode.data.openedUnseen(false), kernel);
        }
    }

    /** Has the kernel drop what it kept of a file, since that is old. The caller holds no lock of {@link NameLocks}. */
    static void drop(final Inode inode, final CachedData.Verdict verdict, final KernelData kernel) {
        boolean dropped = false;
        inode.rereads().dropBegins();
        try {
            kernel.drop(inode.node());
            dropped = true;
        } finally {
            inode.rereads().dropEnds();
            inode.data.dropped(dropped ? verdict : CachedData.Verdict.UNKNOWN);
        }
    }

    void fsync(final long handle, final boolean dataOnly) throws IOException {
        session.fsync(handles.get(handle).fid(), dataOnly).await();
    }

    void release(final long handle) throws ErrnoException {
        final OpenFile file = handles.remove(handle);
        fileLocks.released(file.inode(), handle);
        try (NameLocks.Held held = locks.exclusive(file.inode())) {
            file.close(fids::clunk);
            if (inodes.isOpenOnce(file.inode())) {
                fileLocks.closed(file.inode());
                inodes.asideBy(file.inode()).ifPresent(by -> by.remove(file.inode()));
            }
            inodes.closed(file.inode(), file);
        }
    }

    /** Closes all that is still open: the mount is gone. */
    void releaseAll() {
        for (final long handle : handles.all()) {
            try {
                release(handle);
            } catch (final ErrnoException e) {
                LOG.debug("handle {} was closed by another", handle, e);
            }
        }
    }
}
