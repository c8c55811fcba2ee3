package dev.ninepin.share.attr;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.inode.Removed;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads attributes from the server, and converts them as the share's options say. Any thread may call any method. */
public final class AttributeReader {
    private static final long MOST_LINKS = 0xffff_ffffL;

    /**
     * The range of block sizes that are shown as they are, in bytes. The largest one is the largest msize that is
     * possible, and QEMU derives its block size from msize.
     */
    private static final long LEAST_BLOCK = 512;

    private static final long LARGEST_BLOCK = 16 << 20;
    private static final long USUAL_BLOCK = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(AttributeReader.class);

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final ShareOptions options;

    /** Numbers the attribute requests of all users of the share. */
    private final AtomicLong requests;

    public AttributeReader(final UserView view) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.options = view.options();
        this.requests = view.shared().attributeRequests();
    }

    /**
     * Returns a file's attributes, in one of three ways:
     *
     * <ul>
     *   <li>If the file was removed on this mount, from what is remembered of it ({@link Removed}).
     *   <li>Otherwise from the server, over the file's path.
     *   <li>Over a fid that is open on the file, if there is one, and the path has no fid or no longer leads to the
     *       file.
     * </ul>
     *
     * <p>A server may use the path of an open fid and find another file under it (QEMU for Tsetattr, diod for
     * Tgetattr). The qid of the reply reveals that.
     *
     * @throws StaleFileException if no path and no open fid leads to the file
     */
    public Attributes read(final Inode inode) throws IOException {
        if (inode.removed().isEmpty()) {
            try {
                final Optional<Attributes> read = readWithoutWalk(inode);
                return read.isPresent() ? read.get() : readOverPath(inode);
            } catch (final StaleFileException e) {
                if (inode.removed().isEmpty()) {
                    return readOverOpenFid(inode, e);
                }
            }
        }
        inode.pages.mayBeDropped();
        return inode.removed().orElseThrow().attributes();
    }

    /**
     * Reads the attributes of an open file whose path has no fid, such as one that was just created. Empty if there is
     * no such file, or if the open fid does not lead to it.
     */
    private Optional<Attributes> readWithoutWalk(final Inode inode) throws IOException {
        final Optional<OpenFile> file = inode.open.any();
        if (file.isEmpty() || fids.isMade(inodes.path(inode))) {
            return Optional.empty();
        }
        try {
            return Optional.of(read(inode, file.get()));
        } catch (final StaleFileException | RemoteException e) {
            LOG.trace("no attributes of node {} over an open fid", inode.node(), e);
            return Optional.empty();
        }
    }

    /**
     * Reads a file's attributes over its path only.
     *
     * @throws StaleFileException if the path no longer leads to the file
     */
    public Attributes readOverPath(final Inode inode) throws IOException {
        return paths.use(inode, fid -> readOverPathFid(inode, fid));
    }

    /**
     * Requests the attributes of a file that a walk is about to find, without waiting for the reply. Sends nothing if
     * the file is not known yet, or if its path has no fid. The caller settles the result.
     */
    public EarlyAttributes requestEarly(final Optional<Inode> known) throws InterruptedIOException {
        final Inode inode = known.orElse(null);
        if (inode == null) {
            return new EarlyAttributes(this, null);
        }
        final Inode.Asked asked = beginRequest(inode);
        final Lease lease = fids.leaseIfMade(inodes.path(inode)).orElse(null);
        return new EarlyAttributes(
                this,
                lease == null
                        ? null
                        : new EarlyAttributes.Request(
                                inode, lease, asked, session.getattr(lease.fid(), AttrMask.BASIC)));
    }

    /** Records a reply as {@link #recordReply} does, and that the path led to the file when it was requested. */
    public Attributes recordReplyOverPath(final Inode inode, final Rgetattr reply, final Inode.Asked asked)
            throws IOException {
        final Attributes attributes = recordReply(inode, reply, asked);
        inode.seenOverPath(asked.nanos());
        return attributes;
    }

    /** Reads a file's attributes over a fid that was just opened on it, and so leads to it. */
    public Attributes read(final Inode inode, final OpenFile file) throws IOException {
        final Inode.Asked asked = beginRequest(inode);
        final Rgetattr reply;
        try {
            reply = session.repeatIfLost(() -> ask(file.fidDespiteLostLock()));
        } catch (final RemoteException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
            // diod uses the path under which the fid was opened; a directory above may have been renamed since.
            return readOverPath(inode);
        }
        return recordReply(inode, reply, asked);
    }

    /**
     * Returns the data that {@link #recordReply} needs about an attribute request. Must be called before the request is
     * sent. Blocks until the file's pending writes are answered: with an earlier size, the kernel would cut off its
     * pages.
     *
     * @throws InterruptedIOException if the thread is interrupted
     */
    public Inode.Asked beginRequest(final Inode inode) throws InterruptedIOException {
        return beginRequest(Optional.of(inode));
    }

    /** Like {@link #beginRequest(Inode)}; empty for a file that has no inode yet. */
    public Inode.Asked beginRequest(final Optional<Inode> inode) throws InterruptedIOException {
        if (inode.isPresent()) {
            inode.get().pending.await();
        }
        return new Inode.Asked(
                requests.incrementAndGet(),
                inode.map(file -> file.pages.changes()).orElse(0L),
                inode.map(file -> file.open.removals()).orElse(0L),
                System.nanoTime());
    }

    /**
     * Returns the data for a request that is sent later than {@link #beginRequest} was called for it. A change since that
     * call counts as one during the request. Does not block.
     */
    public Inode.Asked beginLater(final Inode.Asked begun) {
        return new Inode.Asked(requests.incrementAndGet(), begun.changes(), begun.removals(), System.nanoTime());
    }

    /** Returns the last known attributes of a file, and requests them if there are none yet. */
    public Rgetattr lastSeen(final Inode inode) throws IOException {
        if (inode.attributes() == null) {
            read(inode);
        }
        final Rgetattr seen = inode.attributes();
        if (seen == null) {
            throw new ErrnoException(Errno.EIO, "the server gave no attributes");
        }
        return seen;
    }

    /** Returns the last known attributes of a file, without a request; empty if there are none. */
    public Optional<Attributes> lastKnown(final Inode inode) {
        return Optional.ofNullable(inode.attributes()).map(last -> toAttributes(inode, last, last.nlink()));
    }

    /** Reads a file's attributes over any fid that is open on it, whichever user opened it; empty if there is none. */
    public Optional<Attributes> readOverOpenFid(final Inode inode) throws IOException {
        final Optional<OpenFile> file = inode.open.any();
        return file.isEmpty() ? Optional.empty() : Optional.of(read(inode, file.get()));
    }

    private Attributes readOverOpenFid(final Inode inode, final IOException otherwise) throws IOException {
        try {
            return readOverOpenFid(inode).orElseThrow(() -> otherwise);
        } catch (final RemoteException e) {
            // The file may have been closed meanwhile, and its fid number reused.
            otherwise.addSuppressed(e);
            throw otherwise;
        }
    }

    private Rgetattr ask(final int fid) throws IOException {
        return session.getattr(fid, AttrMask.BASIC).await();
    }

    /**
     * Records the server's reply for a file, and returns the file's attributes. If a later request was answered first,
     * the attributes of that one are returned. Asks the server again if the reply may count a temporary name or not.
     *
     * @param asked the data from before the request was sent ({@link #beginRequest(Inode)})
     * @throws StaleFileException if the reply is about another file: it has another qid, or another file type
     * @throws ErrnoException EIO if no file can have such attributes; the kernel would mark its inode as bad for good
     */
    public Attributes recordReply(final Inode inode, final Rgetattr reply, final Inode.Asked asked) throws IOException {
        if (!FileId.of(reply.qid()).equals(inode.id())) {
            throw new StaleFileException("node " + inode.node() + " is another file now");
        }
        FileMode.check(reply.mode(), inode.isDirectory());
        if (reply.size() < 0) {
            throw new ErrnoException(
                    Errno.EIO,
                    "the server reported an invalid file size of " + Long.toUnsignedString(reply.size()) + " bytes");
        }
        final Rgetattr before = inode.attributes();
        if (before != null && !FileMode.isSameType(before.mode(), reply.mode())) {
            inodes.dropReplaced(inode);
            throw new StaleFileException("node " + inode.node() + " is a file of another type now");
        }
        final Optional<Attributes> known = convert(inode, inode.note(reply, asked));
        return known.isPresent() ? known.get() : readAfterRemoval(inode);
    }

    /**
     * Converts attributes that the server has sent into those that programs see. Empty if the link count may include the
     * file's temporary name or not.
     */
    public Optional<Attributes> convert(final Inode inode, final Inode.Seen seen) {
        // The hidden name of a file that was removed while open must not be counted.
        final OptionalInt hidden = inode.open.hiddenLinks(seen.asked().removals());
        return hidden.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        toAttributes(inode, seen.attributes(), seen.attributes().nlink() - hidden.getAsInt()));
    }

    /** Reads a file's attributes over its path after the removal of its temporary name that is under way, if any. */
    private Attributes readAfterRemoval(final Inode inode) throws IOException {
        return paths.useUnmoved(inode, fid -> readOverPathFid(inode, fid));
    }

    private Attributes readOverPathFid(final Inode inode, final int fid) throws IOException {
        final Inode.Asked asked = beginRequest(inode);
        return recordReplyOverPath(inode, ask(fid), asked);
    }

    /**
     * Reads a file's attributes once more before its last name is removed, if it was changed on this mount since the
     * last reply. This must be done before the removal: if both requests are sent together, QEMU may answer this one
     * after the removal. Does nothing for directories; a failure is ignored.
     */
    public void refreshBeforeRemoval(final Inode inode) {
        if (inode.isDirectory() || !inode.hasChangedSinceSeen()) {
            return;
        }
        try {
            readOverPath(inode);
        } catch (final IOException e) {
            LOG.trace("no attributes of node {} before it goes", inode.node(), e);
        }
    }

    /** Records that the last name of a file was removed on this mount. */
    public void recordRemoval(final Inode inode) {
        final Rgetattr last = inode.attributes();
        if (last != null) {
            inode.removed(Removed.at(Instant.now(), toAttributes(inode, last, 0)));
        }
    }

    /** Converts a server's reply into the attributes that programs see. */
    private Attributes toAttributes(final Inode inode, final Rgetattr reply, final long links) {
        return new Attributes(
                inode.number(),
                reply.mode(),
                options.uid().orElse(options.idMap().toLocalUser(reply.uid())),
                options.gid().orElse(options.idMap().toLocalGroup(reply.gid())),
                nlink(links),
                FileMode.isDevice(reply.mode()) ? reply.rdev() : 0,
                reply.size(),
                blksize(reply.blksize()),
                blocks(reply),
                Timestamp.within(reply.atimeSec(), reply.atimeNsec()),
                Timestamp.within(reply.mtimeSec(), reply.mtimeNsec()),
                Timestamp.within(reply.ctimeSec(), reply.ctimeNsec()),
                false);
    }

    /**
     * Limits a link count to the kernel's 32 bits. A server that does not count links reports 0, or a negative number.
     */
    private static long nlink(final long links) {
        return Math.min(Math.max(links, 0), MOST_LINKS);
    }

    /**
     * Returns the number of 512-byte blocks of a file, at least 1 if the file has data. GNU tar -S takes a file without
     * blocks for one hole, and does not read it ({@code src/sparse.c}). nfs-ganesha counts only whole blocks.
     */
    private static long blocks(final Rgetattr reply) {
        return reply.blocks() == 0 && reply.size() > 0 && FileMode.isRegularFile(reply.mode()) ? 1 : reply.blocks();
    }

    /** Returns the block size to show. Programs allocate buffers of this size, so an implausible one is replaced. */
    private static long blksize(final long bytes) {
        return bytes < LEAST_BLOCK || bytes > LARGEST_BLOCK ? USUAL_BLOCK : bytes;
    }
}
