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
            return removed(seen, removedAt);
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

    /** Notes what the server said of a file; a {@link StaleFileException} if it said it of another. */
    Attributes accept(final Inode inode, final Rgetattr reply) throws StaleFileException {
        if (!FileId.of(reply.qid()).equals(inode.id())) {
            throw new StaleFileException("node " + inode.node() + " is another file now");
        }
        inode.attributes(reply);
        // The name of what was put aside is none that anyone else may count on.
        final long links = inodes.aside(inode).isPresent() ? reply.nlink() - 1 : reply.nlink();
        return shown(reply, links, new Timestamp(reply.ctimeSec(), reply.ctimeNsec()));
    }

    /**
     * A directory that was removed here, and which somebody still has open or is in. No server knows it any more, and
     * nothing can happen to it.
     */
    private Attributes removed(final Rgetattr last, final Instant at) {
        return shown(last, 0, new Timestamp(at.getEpochSecond(), at.getNano()));
    }

    private Attributes shown(final Rgetattr reply, final long links, final Timestamp ctime) {
        return new Attributes(
                reply.qid().path(),
                reply.mode(),
                options.uid().orElse(reply.uid()),
                options.gid().orElse(reply.gid()),
                links,
                reply.rdev(),
                reply.size(),
                reply.blksize(),
                reply.blocks(),
                new Timestamp(reply.atimeSec(), reply.atimeNsec()),
                new Timestamp(reply.mtimeSec(), reply.mtimeNsec()),
                ctime);
    }
}
