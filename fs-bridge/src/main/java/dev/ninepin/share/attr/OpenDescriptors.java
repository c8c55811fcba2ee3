package dev.ninepin.share.attr;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.NameRequests;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UnsyncedFiles;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attribute changes over open fids, for servers that apply them to the fid's descriptor. Such a change reaches the file
 * even if its name is gone, or leads to another file. QEMU 10.1 and later applies changes of the size and the times to
 * the descriptor ({@code hw/9pfs/9p.c}, v9fs_setattr).
 *
 * <p>A test on a file without a name shows which changes a server applies that way: a change of the path would find no
 * file. The test file is created in the share's root, when a change first can't be made in another way. The result is
 * valid for one connection: the next one may reach another version of the server. Any thread may call any method.
 */
public final class OpenDescriptors {
    /** The kinds of attribute changes for which servers differ. */
    private enum Part {
        MODE,
        OWNER,
        SIZE,
        TIMES
    }

    private static final int PRIVATE = 0600;

    private static final Logger LOG = LoggerFactory.getLogger(OpenDescriptors.class);

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final NameLocks locks;
    private final UnsyncedFiles unsynced;
    private final NameRequests requests;
    private final AsideFiles asides;
    private final Learnt learnt;

    /** The kinds of changes that the server applies to descriptors, for all users of a share. Any thread. */
    public static final class Learnt {
        private final AtomicReference<@Nullable Result> result = new AtomicReference<>();

        /** Whether a thread is running the test. Other threads do not wait for the result. */
        private final AtomicBoolean learning = new AtomicBoolean();

        /** The test file that may exist; null otherwise. Its user's next test removes it first. */
        private final AtomicReference<@Nullable TestFile> testFile = new AtomicReference<>();
    }

    /** The kinds of changes that the server applies to descriptors, and the number of the connection of the test. */
    private record Result(Set<Part> parts, int connection) {}

    /** A test file in the root, and the server ID of the user who has created it. */
    private record TestFile(ByteString name, int user) {}

    public OpenDescriptors(final UserView view, final AsideFiles asides, final Learnt learnt) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.locks = view.shared().nameLocks();
        this.unsynced = view.shared().unsynced();
        this.requests = view.names();
        this.asides = asides;
        this.learnt = learnt;
    }

    /** Returns whether the server is already known to apply a change to a descriptor. Sends no request. */
    boolean isKnownToApplyToDescriptor(final AttributeChange change) {
        return result().filter(parts -> parts.containsAll(partsOf(change))).isPresent();
    }

    /** Returns the result of the test over the latest connection; empty if there is none. */
    private Optional<Set<Part>> result() {
        return Optional.ofNullable(learnt.result.get())
                .filter(result -> result.connection() == session.connection())
                .map(Result::parts);
    }

    /**
     * Returns whether the server applies a change to a descriptor. Runs the test if its result is missing and the file
     * is open on this mount.
     */
    boolean appliesToDescriptor(final Inode inode, final AttributeChange change) throws IOException {
        if (result().isEmpty() && inode.open.isOpen() && !learnt.learning.getAndSet(true)) {
            try {
                // In this order: if a new connection begins meanwhile, the test fails, because its fid is lost.
                final int connection = session.connection();
                learn().ifPresent(parts -> learnt.result.set(new Result(parts, connection)));
            } finally {
                learnt.learning.set(false);
            }
        }
        return isKnownToApplyToDescriptor(change);
    }

    /**
     * Changes attributes over an open fid of a file. Returns false, and sends nothing, if this user has not opened the
     * file for writing: only fids open for writing are certain to keep their descriptor ({@code Opening}). Also returns
     * false if the test has no result for the latest connection.
     *
     * @param change returns the request over a fid
     */
    boolean set(final Inode inode, final IntFunction<Tsetattr> change) throws IOException {
        // The lock prevents a close, after which the fid's number may be another file's.
        try (StripedLocks.Held held = locks.shared(inode)) {
            final OpenFile file = inode.open.toWrite(fids.nUname()).orElse(null);
            if (file == null) {
                return false;
            }
            final int fid = file.fid();
            if (result().isEmpty()) {
                // The fid may just have been opened over a new connection.
                return false;
            }
            final int connection = session.connection();
            session.setattr(change.apply(fid)).await();
            unsynced.note(inode, connection, expected -> expected.set(change.apply(fid)));
            return true;
        }
    }

    private static Set<Part> partsOf(final AttributeChange change) {
        final Set<Part> parts = EnumSet.noneOf(Part.class);
        if (change.mode().isPresent()) {
            parts.add(Part.MODE);
        }
        if (change.uid().isPresent() || change.gid().isPresent() || change.isEmpty()) {
            parts.add(Part.OWNER);
        }
        if (change.size().isPresent()) {
            parts.add(Part.SIZE);
        }
        if (change.atime().isPresent() || change.mtime().isPresent()) {
            parts.add(Part.TIMES);
        }
        return parts;
    }

    /**
     * Tries each kind of change on a new file whose name was removed. Empty if the server refused to create the file,
     * or to remove it. That may work later: for another user, or when the disk has room again.
     */
    private Optional<Set<Part>> learn() throws IOException {
        try {
            final TestFile left = learnt.testFile.get();
            // Only its owner is sure to be allowed to remove it. Otherwise its note leads the next mount to it.
            if (left != null && left.user() == fids.nUname()) {
                removeTestFile(left.name());
            }
            final int fid = fids.copy(fids.root());
            try {
                return Optional.of(learn(fid));
            } finally {
                fids.clunk(fid);
            }
        } catch (final RemoteException e) {
            LOG.debug("what the server applies to descriptors can't be found out", e);
            return Optional.empty();
        }
    }

    private Set<Part> learn(final int fid) throws IOException {
        final Rgetattr root = session.getattr(fid, AttrMask.BASIC).await();
        final ByteString name = asides.newName(inodes.root(), fids.nUname());
        learnt.testFile.set(new TestFile(name, fids.nUname()));
        try {
            session.lcreate(fid, name, OpenFlags.RDWR | OpenFlags.EXCL, PRIVATE, root.gid())
                    .await();
        } catch (final RemoteException e) {
            // After any other failure it is unknown whether the server created the file, so the note of its name stays.
            forgetTestFile(name);
            throw e;
        }
        final Rgetattr file;
        try {
            // Before the name is removed: QEMU's mapped security models also read the path.
            file = session.getattr(fid, AttrMask.BASIC).await();
        } finally {
            removeTestFile(name);
        }
        final Set<Part> taken = EnumSet.noneOf(Part.class);
        for (final Part part : Part.values()) {
            if (isTaken(request(fid, part, file))) {
                taken.add(part);
            }
        }
        LOG.debug("the server applies these changes to the descriptor of an open file: {}", taken);
        return taken;
    }

    /** Removes a test file, and its note. If that fails, the note stays for the next mount. */
    private void removeTestFile(final ByteString name) throws IOException {
        try {
            Uninterrupted.run(() -> requests.unlink(inodes.root(), name, 0));
        } catch (final IOException e) {
            if (Errno.of(e) != Errno.ENOENT) {
                asides.showInListings(name);
                throw e;
            }
        }
        forgetTestFile(name);
    }

    private void forgetTestFile(final ByteString name) {
        asides.forget(name);
        learnt.testFile.set(null);
    }

    private boolean isTaken(final Tsetattr request) throws IOException {
        try {
            session.setattr(request).await();
            return true;
        } catch (final RemoteException e) {
            return false;
        }
    }

    /** Returns a request that changes one kind of attribute to its present value. Only timestamps change. */
    private static Tsetattr request(final int fid, final Part part, final Rgetattr file) {
        final int valid =
                switch (part) {
                    case MODE -> SetattrMask.MODE;
                    case OWNER -> SetattrMask.UID | SetattrMask.GID;
                    case SIZE -> SetattrMask.SIZE;
                    case TIMES -> SetattrMask.ATIME | SetattrMask.MTIME;
                };
        return new Tsetattr(fid, valid, file.mode(), file.uid(), file.gid(), 0, 0, 0, 0, 0);
    }
}
