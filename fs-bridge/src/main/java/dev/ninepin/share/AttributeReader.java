package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** Asks the server for attributes, and shows them the way the share's options want. Any thread. */
final class AttributeReader {
    private static final long MOST_LINKS = 0xffff_ffffL;

    /** In bytes. No msize is larger than the largest, and QEMU shows what that lets through at once. */
    private static final long LEAST_BLOCK = 512;

    private static final long LARGEST_BLOCK = 16 << 20;
    private static final long USUAL_BLOCK = 4096;

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;
    private final ShareOptions options;

    AttributeReader(final Session session, final Inodes inodes, final FilePaths paths, final ShareOptions options) {
        this.session = session;
        this.inodes = inodes;
        this.paths = paths;
        this.options = options;
    }

    /**
     * Asks over the file's path; where that does not lead to it any more, over a fid that is open on it, if there is
     * one. (A server may look at the path of an open fid, and find another file there: protocol traps of
     * {@code Tsetattr} on QEMU, {@code Tgetattr} on diod. The qid tells.)
     */
    Attributes read(final Inode inode) throws IOException {
        try {
            return readOverPath(inode);
        } catch (final StaleFileException e) {
            return readOverOpenFid(inode, e);
        }
    }

    /** Asks over the file's path only; a {@link StaleFileException} says that this does not lead to it any more. */
    Attributes readOverPath(final Inode inode) throws IOException {
        return paths.use(inode, fid -> accept(inode, ask(fid)));
    }

    /** Asks over a fid that was just opened on the file, and so leads to it. */
    Attributes read(final Inode inode, final OpenFile file) throws IOException {
        return accept(inode, ask(file.fid()));
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

    private Attributes readOverOpenFid(final Inode inode, final IOException otherwise) throws IOException {
        final Rgetattr seen = inode.attributes();
        final Instant removedAt = inode.removedAt().orElse(null);
        if (removedAt != null && seen != null) {
            return removed(inode, seen, removedAt);
        }
        final Optional<OpenFile> file = inodes.anyOpen(inode);
        if (file.isEmpty()) {
            throw otherwise;
        }
        try {
            return accept(inode, ask(file.get().fid()));
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
     * Notes what the server said of a file.
     *
     * @throws StaleFileException if it said it of another: one with another qid, or of another type
     * @throws ErrnoException EIO if no file can be so; the kernel would give its inode up for good
     */
    Attributes accept(final Inode inode, final Rgetattr reply) throws StaleFileException, ErrnoException {
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
        inode.attributes(reply);
        // The name of what was put aside is none that anyone else may count on.
        final long links = inodes.aside(inode).isPresent() ? reply.nlink() - 1 : reply.nlink();
        return shown(inode, reply, links, Timestamp.within(reply.ctimeSec(), reply.ctimeNsec()));
    }

    /**
     * A directory that was removed here, and which somebody still has open or is in. No server knows it any more, and
     * nothing can happen to it.
     */
    private Attributes removed(final Inode inode, final Rgetattr last, final Instant at) {
        return shown(inode, last, 0, new Timestamp(at.getEpochSecond(), at.getNano()));
    }

    private Attributes shown(final Inode inode, final Rgetattr reply, final long links, final Timestamp ctime) {
        return new Attributes(
                inode.number(),
                reply.mode(),
                options.uid().orElse(options.idMap().userHere(reply.uid())),
                options.gid().orElse(options.idMap().groupHere(reply.gid())),
                nlink(links),
                reply.rdev(),
                reply.size(),
                blksize(reply.blksize()),
                reply.blocks(),
                Timestamp.within(reply.atimeSec(), reply.atimeNsec()),
                Timestamp.within(reply.mtimeSec(), reply.mtimeNsec()),
                ctime);
    }

    /** As much of a number of links as the kernel has room for; a server that counts none says 0, or less. */
    private static long nlink(final long links) {
        return Math.min(Math.max(links, 0), MOST_LINKS);
    }

    /** Programs make buffers of this size. */
    private static long blksize(final long bytes) {
        return bytes < LEAST_BLOCK || bytes > LARGEST_BLOCK ? USUAL_BLOCK : bytes;
    }
}
