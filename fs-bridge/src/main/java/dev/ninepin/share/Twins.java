package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells files apart that the server has given one number (qid.path): QEMU does so with file systems below its export, as
 * the subvolumes of btrfs are, unless it is run with {@code multidevs=remap}. Taken for one, they would share the pages
 * that the kernel keeps, and two directories would be one that moves to and fro. Any thread.
 */
final class Twins {
    private static final Logger LOG = LoggerFactory.getLogger(Twins.class);

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;

    /** Whether it was said that there are such files. */
    private final AtomicBoolean reported = new AtomicBoolean();

    Twins(final Session session, final Inodes inodes, final FilePaths paths) {
        this.session = session;
        this.inodes = inodes;
        this.paths = paths;
    }

    /**
     * Whether what was walked to is another file than the one that is known by its number. A directory has one name, and
     * so has a file with one link: where the known one still has its own, this is another. Costs nothing unless a file is
     * found by a name that is new here, and known by another.
     */
    boolean isTwin(final Inode directory, final ByteString name, final FidTable.Walked walked) throws IOException {
        final Optional<Inode> other = inodes.knownElsewhere(directory, name, walked.qid());
        if (other.isEmpty()) {
            return false;
        }
        final boolean twin = other.get() == inodes.root() || isAnother(other.get(), walked);
        if (twin && !reported.getAndSet(true)) {
            LOG.warn(
                    "the server numbers {} and {} alike (qid.path {}), so only their names tell them apart; if it is QEMU"
                            + " with several file systems in its export, multidevs=remap mends that",
                    inodes.pathOf(other.get()),
                    inodes.pathOf(directory, name),
                    Long.toUnsignedString(walked.qid().path()));
        }
        return twin;
    }

    /** Whether what was walked to, and has the attributes {@code seen}, has to be asked about with {@link #isTwin}. */
    static boolean mayBe(
            final Inodes inodes,
            final Inode directory,
            final ByteString name,
            final FidTable.Walked walked,
            final Rgetattr seen) {
        return (walked.qid().isDirectory() || seen.nlink() <= 1)
                && inodes.knownElsewhere(directory, name, walked.qid()).isPresent();
    }

    private boolean isAnother(final Inode known, final FidTable.Walked walked) throws IOException {
        try {
            return (known.isDirectory() || links(walked.fid()) <= 1) && isWhereItWas(known);
        } catch (final RemoteException | StaleFileException e) {
            // One of them is on its way elsewhere: so they may well be one.
            return false;
        }
    }

    private long links(final int fid) throws IOException {
        return session.getattr(fid, AttrMask.BASIC).await().nlink();
    }

    private boolean isWhereItWas(final Inode inode) throws IOException {
        final Inode.Name name = inodes.someName(inode).orElse(null);
        return name != null && paths.isNamed(inode, name.directory(), name.name());
    }
}
