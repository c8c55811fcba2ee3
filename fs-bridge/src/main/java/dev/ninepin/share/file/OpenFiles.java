package dev.ninepin.share.file;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.operations.WriteReply;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.share.inode.Handles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.lock.FileLocks;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.UnknownOutcomeException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The regular files that are open on a mount, of all users ({@link Opening}). I/O on a handle uses the fid that was
 * opened for it, and so the opener's credentials, even after the descriptor was passed to another process. Any thread
 * may call any method.
 */
public final class OpenFiles {
    private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);

    /** The flags of open(2) with which write(2) waits for the server. */
    private static final int WAITS = OpenFlags.SYNC | OpenFlags.DSYNC | OpenFlags.DIRECT;

    /** How long {@link #releaseAll} waits for writes, in nanoseconds. */
    private static final long LAST_WRITES_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Session session;
    private final Inodes inodes;
    private final NameLocks locks;
    private final CacheMode cache;
    private final AsideRemoval asideRemoval;
    private final boolean writesBehind;
    private final FileData data;
    private final FileLocks fileLocks;
    private final Handles<OpenFile> handles = new Handles<>();

    /** Removes a silly-renamed file as the user who renamed it. The caller holds the file's {@link NameLocks}. */
    @FunctionalInterface
    public interface AsideRemoval {
        void remove(Inode inode, int user);
    }

    public OpenFiles(final SharedState shared, final AsideRemoval asideRemoval) {
        this.session = shared.session();
        this.inodes = shared.inodes();
        this.locks = shared.nameLocks();
        this.cache = shared.options().cache();
        this.writesBehind = cache != CacheMode.NONE;
        this.asideRemoval = asideRemoval;
        this.fileLocks = new FileLocks(session);
        this.data = new FileData(session);
        session.setAfterReturn(this::goOn);
    }

    /**
     * Regains the locks and writes the lost bytes again after a connection has ended. A failure is reported by the next use
     * of the file.
     */
    private void goOn() {
        fileLocks.regainAll();
        for (final long handle : handles.all()) {
            try {
                handles.get(handle).inode().pending.writeLostAgain();
            } catch (final ErrnoException e) {
                LOG.trace("handle {} was closed meanwhile", handle, e);
            } catch (final InterruptedIOException e) {
                LOG.debug("the session is being closed", e);
                return;
            }
        }
    }

    /** Requests the server's lock on a file again, if its connection has ended. */
    void regainLocks(final Inode inode) throws IOException {
        fileLocks.regain(inode);
    }

    /** Adds an open file and returns its handle. */
    long add(final OpenFile file) {
        inodes.opened(file.inode(), file);
        if (cache == CacheMode.NONE) {
            // In this mode the kernel drops pages at any time: before writes that bypass them, and when it receives
            // attributes.
            file.inode().pages.mayAlwaysBeDropped();
        }
        return handles.add(file);
    }

    /** Returns an open file. Fails with EBADF if there is no such handle. */
    public OpenFile get(final long handle) throws ErrnoException {
        return handles.get(handle);
    }

    /** Implements {@code FileOperations.readWithoutPages}. */
    public ReadResult readWithoutPages(final long handle, final long offset, final int count) throws IOException {
        final OpenFile file = handles.get(handle);
        file.inode().pending.await();
        return data.read(file, offset, count);
    }

    /** Implements {@code FileOperations.read}. */
    public ReadResult read(final long handle, final long offset, final int count) throws IOException {
        final OpenFile file = handles.get(handle);
        final Optional<Runnable> replied = file.inode().pages.beginRead(offset, count);
        ReadResult result = null;
        try {
            // A shorter file than the kernel knows would make the kernel cut its pages off.
            file.inode().pending.await();
            result = data.read(file, offset, count);
            file.inode()
                    .noteRead(offset + result.data().remaining(), result.data().remaining() < count);
        } finally {
            if (result == null) {
                replied.ifPresent(Runnable::run);
            }
        }
        return replied.isEmpty() ? result : new WatchedRead(result, replied.get());
    }

    /** Implements {@code FileOperations.isShownEmpty}. */
    public boolean isShownEmpty(final long handle) throws ErrnoException {
        final OpenFile file = handles.get(handle);
        final Rgetattr seen = file.inode().attributes();
        final boolean isEmpty = file.isForReadingOnly() && seen != null && seen.size() == 0;
        if (isEmpty) {
            // If the open bypasses the page cache, the kernel drops the file's existing pages before it maps the file.
            file.inode().pages.mayAlwaysBeDropped();
        }
        return isEmpty;
    }

    /** Implements {@code FileOperations.hidesContents}. Returns true as well if the file cannot be read. */
    public boolean hidesContents(final long handle) throws IOException {
        final OpenFile file = handles.get(handle);
        try (ReadReply first =
                session.repeatIfLost(() -> session.read(file.fid(), 0, 1).await())) {
            return first.data().hasRemaining();
        } catch (final RemoteException e) {
            LOG.trace("node {} can't be read", file.inode().node(), e);
            return true;
        }
    }

    /** Implements {@code FileOperations.write}. */
    public int write(final long handle, final long offset, final ByteBuffer bytes, final int flags) throws IOException {
        final OpenFile file = handles.get(handle);
        final boolean append = (flags & OpenFlags.APPEND) != 0;
        if (append) {
            file.inode().pending.await();
        } else {
            file.inode().pending.await(offset, offset + bytes.remaining());
        }
        file.reportToWrite();
        return write(file, offset, bytes, flags);
    }

    /** Implements {@code FileOperations.writePages}. */
    public int writePages(final long handle, final long offset, final ByteBuffer bytes, final int flags)
            throws IOException {
        final OpenFile file = handles.get(handle);
        file.inode().pending.await(offset, offset + bytes.remaining());
        // An earlier failure is not this page's: it must not keep the page from being written.
        return write(file, offset, bytes, flags & ~OpenFlags.APPEND);
    }

    private int write(final OpenFile file, final long offset, final ByteBuffer bytes, final int flags)
            throws IOException {
        file.beginWrite();
        int written = 0;
        if (isWrittenBehind(file, bytes.remaining(), flags)) {
            try {
                written = data.writeBehind(file, offset, bytes, flags);
            } catch (final SessionEndedException e) {
                if (!e.isRepeatable()) {
                    throw e;
                }
                LOG.trace("a write waits for the next connection", e);
            }
        }
        if (written == 0) {
            file.inode().pages.beginChange();
            try {
                written = data.write(file, offset, bytes, flags);
            } finally {
                file.inode().pages.endChange();
            }
        }
        file.inode().noteWrite(offset + written);
        return written;
    }

    /** Returns whether write(2) may return before the server has answered. */
    private boolean isWrittenBehind(final OpenFile file, final int count, final int flags) {
        final boolean append = (flags & OpenFlags.APPEND) != 0;
        return writesBehind
                && (flags & WAITS) == 0
                && (!append || (data.fitsOneMessage(file, count) && !session.isGanesha()));
    }

    /** The result of a read that {@code FilePages} watches: closing it means that the kernel has received the reply. */
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

    /** Implements {@code FileOperations.written}. */
    public void written(
            final long handle,
            final long offset,
            final ByteBuffer written,
            final WriteReply reply,
            final KernelCache kernel)
            throws ErrnoException {
        handles.get(handle).inode().pages.completeWrite(offset, written, reply, kernel);
    }

    /** Implements {@code FileOperations.flush}. */
    public void flush(final long handle, final long owner) throws IOException {
        final OpenFile file = handles.get(handle);
        try {
            file.inode().pending.await();
        } finally {
            file.flush();
            fileLocks.ownerClosed(file.inode(), owner);
        }
        file.reportToClose();
    }

    /** Implements {@code FileOperations.lockInTheWay}. */
    public Optional<FileLock> lockInTheWay(final FileLock wanted) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        return session.repeatIfLost(() -> fileLocks.inTheWay(wanted, file));
    }

    /** Implements {@code FileOperations.lock}. */
    public void lock(final FileLock wanted, final boolean wait, final KernelCache kernel) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        file.inode().pending.await();
        session.repeatIfLost(() -> {
            fileLocks.lock(wanted, file, wait, () -> dropData(file.inode(), kernel));
            return file;
        });
    }

    /** Implements {@code FileOperations.flock}. */
    public void flock(final FileLock wanted, final boolean wait, final KernelCache kernel) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        file.inode().pending.await();
        session.repeatIfLost(() -> {
            fileLocks.flock(wanted, file, wait, () -> dropData(file.inode(), kernel));
            return file;
        });
    }

    /**
     * Makes the kernel drop a file's cached data, except with {@code cache=loose}. Used when the file may have changed
     * on the server in a way that its attributes do not show, such as before it was locked.
     */
    public void dropData(final Inode inode, final KernelCache kernel) throws IOException {
        if (cache != CacheMode.LOOSE) {
            inode.pages.drop(kernel);
        }
    }

    /**
     * Makes the server write a file's data to stable storage, and its metadata too unless {@code dataOnly}. Fails once with
     * EIO if data was written before a connection ended, and the server's host may have crashed then.
     */
    public void fsync(final long handle, final boolean dataOnly) throws IOException {
        final OpenFile file = handles.get(handle);
        file.inode().pending.await();
        file.reportToFsync();
        final OptionalInt since = file.inode().pending.beginSync();
        boolean done = false;
        try {
            session.repeatIfLost(() -> session.fsync(file.fid(), dataOnly).await());
            done = true;
        } finally {
            if (!done) {
                file.inode().pending.syncFailed(since);
            }
        }
        if (since.isPresent() && session.mayHaveForgotten(since.getAsInt())) {
            throw UnknownOutcomeException.of("keep the data written to " + inodes.pathOf(file.inode()), null);
        }
    }

    /**
     * Closes a handle: releases its locks and clunks its fids. The last handle of a file that lost its last name while
     * open also removes the file on the server. Fails with EBADF if there is no such handle.
     */
    public void release(final long handle) throws ErrnoException {
        release(handle, handles.remove(handle), Long.MAX_VALUE);
    }

    private void release(final long handle, final OpenFile file, final long patienceNanos) {
        finishWrites(file, patienceNanos);
        fileLocks.released(file.inode(), handle);
        try (StripedLocks.Held held = locks.exclusive(file.inode())) {
            file.close();
            if (file.inode().open.isOpenOnce()) {
                fileLocks.closed(file.inode());
                file.inode().open.aside().ifPresent(hidden -> asideRemoval.remove(file.inode(), hidden.user()));
            }
            inodes.closed(file.inode(), file);
        }
    }

    /** Waits for the writes of a file that is being closed: the server may clunk a fid before it has written. */
    private void finishWrites(final OpenFile file, final long patienceNanos) {
        final Inode inode = file.inode();
        try {
            inode.pending.await(patienceNanos);
            file.reportAtLast();
        } catch (final InterruptedIOException e) {
            LOG.debug("node {} is closed before its last write is answered", inode.node(), e);
        } catch (final IOException e) {
            LOG.warn(
                    "data written to {} is lost: {}. No program was told, because none wrote to it, synced it or closed it"
                            + " since",
                    inodes.pathOf(inode),
                    e.getMessage());
        }
    }

    /** Logs which files the server lacks data of, when the mount ends while the server is away. */
    public void reportUnwritten() {
        for (final long handle : handles.all()) {
            try {
                final Inode inode = handles.get(handle).inode();
                if (inode.pending.any()) {
                    LOG.warn(
                            "data written to {} is lost: the mount ended while the server was away",
                            inodes.pathOf(inode));
                }
            } catch (final ErrnoException e) {
                LOG.trace("handle {} was closed by another", handle, e);
            }
        }
    }

    /** Closes all handles that are still open, after the mount has ended. Waits a few seconds for their writes. */
    public void releaseAll() {
        final long begin = System.nanoTime();
        for (final long handle : handles.all()) {
            try {
                release(handle, handles.remove(handle), LAST_WRITES_NANOS - (System.nanoTime() - begin));
            } catch (final ErrnoException e) {
                LOG.debug("handle {} was closed by another", handle, e);
            }
        }
    }
}
