package dev.ninepin.share.file;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
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
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.inode.Handles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenCheck;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.lock.FileLocks;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.Syncs;
import dev.ninepin.share.path.UnsyncedFiles;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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
    private final Syncs syncs;
    private final UnsyncedFiles unsynced;
    private final ReadBack readBack;
    private final Handles<OpenFile> handles = new Handles<>();

    /** The checks whose leases may not be closed yet, in the order of the opens. */
    private final Queue<OpenCheck> checks = new ConcurrentLinkedQueue<>();

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
        this.writesBehind = shared.options().writesBehind() && cache != CacheMode.NONE;
        this.asideRemoval = asideRemoval;
        this.fileLocks = new FileLocks(session);
        this.syncs = new Syncs(shared);
        this.unsynced = shared.unsynced();
        this.readBack = new ReadBack(session);
        this.data = new FileData(session, shared.unsynced());
        session.setReconnectAction(this::restoreState);
    }

    /**
     * Requests all locks again, and sends the lost and gathered writes, after a reconnection. The next use of a file
     * reports its failure.
     */
    private void restoreState() {
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

    /** Requests the server's lock on a file again, if the lock's connection has ended. */
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

    /** Records that an open is complete, except for its check. */
    void endOpen(final OpenCheck check) {
        check.endOpen();
        checks.add(check);
    }

    /**
     * Closes the leases of earlier opens whose checks have been answered or are overdue. So a file that is open and not
     * used keeps no path fid.
     */
    void closeLeases() {
        checks.removeIf(OpenCheck::closeLeaseIfEnded);
    }

    /** Returns the hand-over of these files. */
    public FileHandOver handOver() {
        return new FileHandOver(session, inodes, cache, syncs, readBack, handles, fileLocks);
    }

    /** Implements {@code FileOperations.holdWaits}. */
    public int holdWaits() {
        return fileLocks.holdWaits();
    }

    /** Implements {@code FileOperations.releaseWaits}. */
    public void releaseWaits() {
        fileLocks.releaseWaits();
    }

    /** Returns an open file. Fails with EBADF if there is no such handle. */
    public OpenFile get(final long handle) throws ErrnoException {
        return handles.get(handle);
    }

    /** Implements {@code FileOperations.readWithoutPages}. */
    public ReadResult readWithoutPages(final long handle, final long offset, final int count) throws IOException {
        final OpenFile file = handles.get(handle);
        file.inode().pending.await();
        try {
            return data.read(file, offset, count);
        } finally {
            file.inode().noteAccess();
        }
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
            file.inode().noteAccess();
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
        // Before the wait for checks: the check of a later open may show this write.
        file.inode().pages.beginChange();
        try {
            file.inode().open.awaitChecks();
            if (gather(file, offset, bytes, flags)) {
                return bytes.remaining();
            } else if (append) {
                file.inode().pending.await();
            } else {
                file.inode().pending.await(offset, offset + bytes.remaining());
            }
            file.reportToWrite();
            return write(file, offset, bytes, flags);
        } finally {
            file.inode().pages.endChange();
        }
    }

    /** Implements {@code FileOperations.writePages}. */
    public int writePages(final long handle, final long offset, final ByteBuffer bytes, final int flags)
            throws IOException {
        final OpenFile file = handles.get(handle);
        file.inode().pages.beginChange();
        try {
            file.inode().open.awaitChecks();
            file.inode().pending.await(offset, offset + bytes.remaining());
            // An earlier failure is not this page's: it must not keep the page from being written.
            return writeAll(file, offset, bytes, flags & ~OpenFlags.APPEND);
        } finally {
            file.inode().pages.endChange();
        }
    }

    /**
     * Writes all bytes, or fails. The kernel looks only at the error of a page's write, not at the count ({@code
     * fs/fuse/file.c}, fuse_writepage_end): a part that was not written would be lost, and fsync(2) would succeed.
     */
    private int writeAll(final OpenFile file, final long offset, final ByteBuffer bytes, final int flags)
            throws IOException {
        final int count = bytes.remaining();
        int written = 0;
        while (written < count) {
            final int part =
                    write(file, offset + written, bytes.slice(bytes.position() + written, count - written), flags);
            if (part == 0) {
                throw new ErrnoException(Errno.EIO, "the server wrote none of a page's bytes");
            }
            written += part;
        }
        return written;
    }

    /** Keeps the bytes of a write that continues an unanswered one, to be sent with those that follow, if it may. */
    private boolean gather(final OpenFile file, final long offset, final ByteBuffer bytes, final int flags)
            throws IOException {
        final PendingWrites pending = file.inode().pending;
        final int count = bytes.remaining();
        final PendingWrites.Target to = new PendingWrites.Target(file, (flags & OpenFlags.APPEND) != 0, offset);
        if (!pending.continuesLast(to, count) || !isWrittenBehind(file, count, flags)) {
            return false;
        }
        pending.recordAnswered();
        file.reportToWrite();
        file.beginWrite();
        final boolean gathered = data.gather(file, to, bytes);
        if (gathered) {
            file.inode().noteWrite(offset + count);
        }
        return gathered;
    }

    /** Writes to a file whose change has begun. */
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
        final int count = bytes.remaining();
        if (written == 0) {
            written = data.write(file, offset, bytes, flags);
        } else if (written < count) {
            // The connection has ended, or the limit of writes behind is reached.
            written +=
                    writeRest(file, offset + written, bytes.slice(bytes.position() + written, count - written), flags);
        }
        file.inode().noteWrite(offset + written);
        return written;
    }

    /**
     * Writes the rest of a write(2) whose first bytes are written. Returns 0 if this fails, so that write(2) returns a
     * smaller count.
     */
    private int writeRest(final OpenFile file, final long offset, final ByteBuffer rest, final int flags) {
        try {
            return data.write(file, offset, rest, flags);
        } catch (final IOException e) {
            LOG.debug("a write of node {} is cut short", file.inode().node(), e);
            return 0;
        }
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
        return session.repeatIfLost(() -> {
            file.requireChecked();
            return fileLocks.inTheWay(wanted, file);
        });
    }

    /** Implements {@code FileOperations.lock}. */
    public void lock(final FileLock wanted, final boolean wait, final KernelCache kernel) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        session.repeatIfLost(() -> {
            file.requireChecked();
            file.inode().pending.await();
            fileLocks.lock(wanted, file, wait, () -> dropData(file.inode(), kernel));
            return file;
        });
    }

    /** Implements {@code FileOperations.flock}. */
    public void flock(final FileLock wanted, final boolean wait, final KernelCache kernel) throws IOException {
        final OpenFile file = handles.get(wanted.handle());
        session.repeatIfLost(() -> {
            file.requireChecked();
            file.inode().pending.await();
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
     * Makes the server write a file's data to stable storage, and its metadata too unless {@code dataOnly}. Fails with
     * EIO, once for each handle, if the server has lost unsynced changes, or if Ninepin cannot find out whether it has.
     */
    public void fsync(final long handle, final boolean dataOnly) throws IOException {
        final OpenFile file = handles.get(handle);
        syncs.run(file.inode(), expected -> readBack.isAsExpected(file, expected), () -> {
            file.inode().pending.await();
            file.reportToFsync();
            return session.repeatIfLost(
                    () -> session.fsync(file.fid(), dataOnly).await());
        });
        file.reportLoss();
    }

    /**
     * Closes a handle: releases its locks and clunks its fids. The last handle of a file that lost its last name while
     * open also removes the file on the server. Fails with EBADF if there is no such handle.
     */
    public void release(final long handle) throws ErrnoException {
        release(handle, handles.remove(handle), Long.MAX_VALUE);
    }

    private void release(final long handle, final OpenFile file, final long patienceNanos) {
        final long begin = System.nanoTime();
        final boolean quiet = finishWrites(file, patienceNanos);
        finishOpen(file, patienceNanos - (System.nanoTime() - begin));
        fileLocks.released(file.inode(), handle);
        try (StripedLocks.Held held = locks.exclusiveUninterruptibly(file.inode())) {
            // A fid that a thread still writes over is left to the end of the session.
            file.close(quiet);
            if (file.inode().open.isOpenOnce()) {
                fileLocks.closed(file.inode());
                file.inode().open.aside().ifPresent(hidden -> asideRemoval.remove(file.inode(), hidden.user()));
            }
            inodes.closed(file.inode(), file);
        }
        if (!file.inode().open.isOpen()) {
            unsynced.limit(file.inode());
        }
    }

    /**
     * Waits for the writes of a file that is being closed: the server may clunk a fid before it has written. Returns
     * whether no thread writes over its fids from now on.
     */
    private boolean finishWrites(final OpenFile file, final long patienceNanos) {
        final long begin = System.nanoTime();
        final Inode inode = file.inode();
        try {
            inode.pending.await(patienceNanos);
        } catch (final InterruptedIOException e) {
            LOG.debug("node {} is closed before its last write is answered", inode.node(), e);
        }
        final boolean quiet = inode.pending.discard(file, patienceNanos - (System.nanoTime() - begin));
        try {
            file.reportAtLast();
        } catch (final IOException e) {
            LOG.warn(
                    "data written to {} is lost: {}. No program was told, because none wrote to it, synced it or"
                            + " closed it since",
                    inodes.pathOf(inode),
                    e.getMessage());
        }
        return quiet;
    }

    /** Waits for the reply that no program has waited for: the server may clunk a fid before it replies. */
    private static void finishOpen(final OpenFile file, final long patienceNanos) {
        try {
            file.awaitCheck(patienceNanos);
        } catch (final InterruptedIOException e) {
            LOG.debug(
                    "node {} is closed before its open is checked", file.inode().node(), e);
        }
    }

    /** Logs the files with unanswered writes, when the mount ends without a connection. */
    public void reportUnwritten() {
        for (final long handle : handles.all()) {
            try {
                final Inode inode = handles.get(handle).inode();
                if (inode.pending.any()) {
                    LOG.warn(
                            "data written to {} is lost: the mount ended while the server was unreachable",
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

    /** Ends the thread that sends gathered writes. What is written from now on is not gathered for long. */
    public void close() {
        data.close();
    }
}
