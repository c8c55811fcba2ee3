package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the server for attributes, and shows them the way the share's options want. Any thread. */
final class AttributeReader {
    private static final long MOST_LINKS = 0xffff_ffffL;

    /** In bytes. No msize is larger than the largest, and QEMU shows what that lets through at once. */
    private static final long LEAST_BLOCK = 512;

    private static final long LARGEST_BLOCK = 16 << 20;
    private static final long USUAL_BLOCK = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(AttributeReader.class);

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;
    private final ShareOptions options;

    /** Numbers the requests for attributes of all users of the share. */
    private final AtomicLong requests;

    AttributeReader(
            final Session session,
            final Inodes inodes,
            final FilePaths paths,
            final ShareOptions options,
            final AtomicLong requests) {
        this.session = session;
        this.inodes = inodes;
        this.paths = paths;
        this.options = options;
        this.requests = requests;
    }

    /**
     * What is left of a file that was removed here. Otherwise asks over the file's path; where that does not lead to it
     * any more, over a fid that is open on it, if there is one. (A server may look at the path of an open fid, and find
     * another file there: protocol traps of {@code Tsetattr} on QEMU, {@code Tgetattr} on diod. The qid tells.)
     */
    Attributes read(final Inode inode) throws IOException {
        if (inode.removed().isEmpty()) {
            try {
                return readOverPath(inode);
            } catch (final StaleFileException e) {
                if (inode.removed().isEmpty()) {
                    return readOverOpenFid(inode, e);
                }
            }
        }
        inode.mayHaveAnotherSize();
        return inode.removed().orElseThrow().attributes();
    }

    /** Asks over the file's path only; a {@link StaleFileException} says that this does not lead to it any more. */
    Attributes readOverPath(final Inode inode) throws IOException {
        return paths.use(inode, fid -> {
            final Inode.Asked asked = asking(inode);
            final Attributes attributes = accept(inode, ask(fid), asked);
            inode.seenOverPath(asked.nanos());
            return attributes;
        });
    }

    /** Asks over a fid that was just opened on the file, and so leads to it. */
    Attributes read(final Inode inode, final OpenFile file) throws IOException {
        final Inode.Asked asked = asking(inode);
        final Rgetattr reply;
        try {
            reply = ask(file.fid());
        } catch (final RemoteException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
            // diod looks at the path that the fid was opened on, and a directory above may have been renamed just now.
            return readOverPath(inode);
        }
        return accept(inode, reply, asked);
    }

    /** Returns what {@link #accept} is to know of a request for a file's attributes that is about to be sent. */
    Inode.Asked asking(final Inode inode) {
        return asking(Optional.of(inode));
    }

    /** As {@link #asking(Inode)}; empty for a file that is not known here yet. */
    Inode.Asked asking(final Optional<Inode> inode) {
        return new Inode.Asked(
                requests.incrementAndGet(),
                inode.map(file -> file.data.changes()).orElse(0L),
                System.nanoTime());
    }

    /** The mode bits and group of a directory, as last seen; asked for if they were not yet. */
    Rgetattr lastSeen(final Inode inode) throws IOException {
        if (inode.attributes() == null) {
            read(inode);
        }
        final Rgetattr seen = inode.attributes();
        if (seen == null) {
            throw new ErrnoException(Errno.EIO, "the server gave no attributes");
        }
        return seen;
    }

    /** What was last seen of a file, without asking; empty if nothing was. */
    Optional<Attributes> known(final Inode inode) {
        return Optional.ofNullable(inode.attributes()).map(last -> shown(inode, last, last.nlink()));
    }

    /** Asks over a fid that is open on a file, whoever has opened it; empty if there is none. */
    Optional<Attributes> readOverOpenFid(final Inode inode) throws IOException {
        final Optional<OpenFile> file = inodes.anyOpen(inode);
        return file.isEmpty() ? Optional.empty() : Optional.of(read(inode, file.get()));
    }

    private Attributes readOverOpenFid(final Inode inode, final IOException otherwise) throws IOException {
        try {
            return readOverOpenFid(inode).orElseThrow(() -> otherwise);
        } catch (final RemoteException e) {
            // The file may have been closed by now, and then the fid is none of ours.
            otherwise.addSuppressed(e);
            throw otherwise;
        }
    }

    private Rgetattr ask(final int fid) throws IOException {
        return session.getattr(fid, AttrMask.BASIC).await();
    }

    /**
     * Notes what the server said of a file, and returns its attributes: the latest, if another request overtook this one.
     *
     * @param asked from before the request
     * @throws StaleFileException if it said it of another: one with another qid, or of another type
     * @throws ErrnoException EIO if no file can be so; the kernel would give its inode up for good
     */
    Attributes accept(final Inode inode, final Rgetattr reply, final Inode.Asked asked)
            throws StaleFileException, ErrnoException {
        if (!FileId.of(reply.qid()).equals(inode.id())) {
            throw new StaleFileException("node " + inode.node() + " is another file now");
        }
        FileMode.check(reply.mode(), inode.isDirectory());
        if (reply.size() < 0) {
            throw new ErrnoException(
                    Errno.EIO, "the server says that a file has " + Long.toUnsignedString(reply.size()) + " bytes");
        }
        final Rgetattr before = inode.attributes();
        if (before != null && !FileMode.isSameType(before.mode(), reply.mode())) {
            inodes.isAnotherNow(inode);
            throw new StaleFileException("node " + inode.node() + " is a file of another type now");
        }
        final Rgetattr latest = inode.note(reply, asked);
        // The name of what was put aside is none that anyone else may count on.
        final long links = inodes.aside(inode).isPresent() ? latest.nlink() - 1 : latest.nlink();
        return shown(inode, latest, links);
    }

    /**
     * A file's last name is about to be removed: looks at it once more, if it was changed here since it was last seen.
     * (Asked for together with the removal, QEMU may answer when that is done.)
     */
    void lastLook(final Inode inode) {
        if (inode.isDirectory() || !inode.hasChangedSinceSeen()) {
            return;
        }
        try {
            readOverPath(inode);
        } catch (final IOException e) {
            LOG.trace("no attributes of node {} before it goes", inode.node(), e);
        }
    }

    /** Notes that the last name of a file was removed here. */
    void removed(final Inode inode) {
        final Rgetattr last = inode.attributes();
        if (last != null) {
            inode.removed(Removed.at(Instant.now(), shown(inode, last, 0)));
        }
    }

    private Attributes shown(final Inode inode, final Rgetattr reply, final long links) {
        return new Attributes(
                inode.number(),
                reply.mode(),
                options.uid().orElse(options.idMap().userHere(reply.uid())),
                options.gid().orElse(options.idMap().groupHere(reply.gid())),
                nlink(links),
                FileMode.isDevice(reply.mode()) ? reply.rdev() : 0,
                reply.size(),
                blksize(reply.blksize()),
                blocks(reply),
                Timestamp.within(reply.atimeSec(), reply.atimeNsec()),
                Timestamp.within(reply.mtimeSec(), reply.mtimeNsec()),
                Timestamp.within(reply.ctimeSec(), reply.ctimeNsec()));
    }

    /** As much of a number of links as the kernel has room for; a server that counts none says 0, or less. */
    private static long nlink(final long links) {
        return Math.min(Math.max(links, 0), MOST_LINKS);
    }

    /**
     * The blocks of a file, and at least one where there are data: a file of no blocks is one hole to GNU tar -S, which does
     * not read it ({@code src/sparse.c}). nfs-ganesha counts whole blocks only.
     */
    private static long blocks(final Rgetattr reply) {
        return reply.blocks() == 0 && reply.size() > 0 && FileMode.isRegularFile(reply.mode()) ? 1 : reply.blocks();
    }

    /** Programs make buffers of this size. */
    private static long blksize(final long bytes) {
        return bytes < LEAST_BLOCK || bytes > LARGEST_BLOCK ? USUAL_BLOCK : bytes;
    }
}
