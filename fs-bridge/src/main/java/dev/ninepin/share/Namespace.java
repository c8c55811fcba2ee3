package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.FidTable.Lease;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;

/** The operations on names: finding, making, removing, renaming. Any thread. */
final class Namespace {
    private static final int S_ISGID = 02000;

    private final Session session;
    private final FidTable fids;
    private final NameRequests requests;
    private final Inodes inodes;
    private final NameLocks locks;
    private final AttributeReader attributes;
    private final AttributeWriter writer;
    private final PutAside putAside;
    private final ShareOptions options;

    Namespace(
            final Session session,
            final NameRequests requests,
            final Inodes inodes,
            final NameLocks locks,
            final AttributeReader attributes,
            final AttributeWriter writer,
            final PutAside putAside,
            final ShareOptions options) {
        this.session = session;
        this.fids = session.fids();
        this.requests = requests;
        this.inodes = inodes;
        this.locks = locks;
        this.attributes = attributes;
        this.writer = writer;
        this.putAside = putAside;
        this.options = options;
    }

    Entry lookup(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.found(directory, name, fids.walk(inodes.path(directory), name));
        try {
            return new Entry(inode.node(), readHere(inode, directory, name));
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /** The attributes of a file that was just found; it may be known by a name that it has lost on the server. */
    private Attributes readHere(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        try {
            return attributes.readOverPath(inode);
        } catch (final StaleFileException e) {
            inodes.relocated(inode, directory, name);
            return attributes.read(inode);
        }
    }

    Entry mkdir(final Caller caller, final Inode directory, final ByteString name, final int mode) throws IOException {
        final Rgetattr parent = attributes.lastSeen(directory);
        final int inherited = parent.mode() & S_ISGID;
        final int group = groupFor(caller, parent);
        try (Lease at = fids.use(inodes.path(directory))) {
            session.mkdir(at.fid(), name, mode | inherited, group).await();
        }
        return made(caller, directory, name);
    }

    Entry mknod(final Caller caller, final Inode directory, final ByteString name, final int mode, final long rdev)
            throws IOException {
        final int group = groupFor(caller, attributes.lastSeen(directory));
        try (Lease at = fids.use(inodes.path(directory))) {
            session.mknod(at.fid(), name, mode, DeviceNumber.major(rdev), DeviceNumber.minor(rdev), group)
                    .await();
        }
        return made(caller, directory, name);
    }

    Entry symlink(final Caller caller, final Inode directory, final ByteString name, final ByteString target)
            throws IOException {
        final int group = groupFor(caller, attributes.lastSeen(directory));
        try (Lease at = fids.use(inodes.path(directory))) {
            session.symlink(at.fid(), name, target, group).await();
        }
        return made(caller, directory, name);
    }

    Entry link(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        try (Lease at = fids.use(inodes.path(directory));
                Lease file = fids.use(inodes.path(inode))) {
            session.link(at.fid(), file.fid(), name).await();
        }
        inodes.linked(directory, name, inode);
        return entry(inode);
    }

    void unlink(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            remove(directory, name, 0);
            return;
        }
        try (NameLocks.Held held = locks.exclusive(inode)) {
            if (inodes.livesByItsName(inode)) {
                putAside.hide(inode, directory, name);
            } else {
                remove(directory, name, 0);
            }
        }
    }

    void rmdir(final Inode directory, final ByteString name) throws IOException {
        emptied(directory, name, () -> remove(directory, name, Tunlinkat.AT_REMOVEDIR));
    }

    /** Does what removes a directory; again, if the directory only holds what was put aside, and is now moved away. */
    private void emptied(final Inode directory, final ByteString name, final Uninterrupted.Action removal)
            throws IOException {
        try {
            removal.run();
        } catch (final RemoteException e) {
            final Inode inode = inodes.known(directory, name).orElse(null);
            if (e.errno() != Errno.ENOTEMPTY || inode == null || !putAside.moveUp(inode, directory)) {
                throw e;
            }
            removal.run();
        }
    }

    void rename(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        final Inode moved = inodes.known(directory, name).orElse(null);
        final Inode replaced = inodes.known(newDirectory, newName).orElse(null);
        final boolean mayBeOpen = replaced != null && !replaced.isDirectory() && replaced != moved;
        if (moved != null && moved.isDirectory()) {
            emptied(newDirectory, newName, () -> {
                try (FidTable.Move move = fids.beginMove()) {
                    renameat(directory, name, newDirectory, newName);
                }
            });
            return;
        }
        if (!mayBeOpen) {
            renameat(directory, name, newDirectory, newName);
            return;
        }
        try (NameLocks.Held held = locks.exclusive(replaced)) {
            if (!inodes.livesByItsName(replaced)) {
                renameat(directory, name, newDirectory, newName);
                return;
            }
            putAside.hide(replaced, newDirectory, newName);
            try {
                renameat(directory, name, newDirectory, newName);
            } catch (final IOException e) {
                putAside.restore(replaced, newDirectory, newName);
                throw e;
            }
        }
    }

    /** The group of a new file: its maker's, or that of a directory which hands its own down. */
    int groupFor(final Caller caller, final Rgetattr directory) {
        return (directory.mode() & S_ISGID) != 0 ? directory.gid() : caller.gid();
    }

    /** Gives a new file to its maker, since the server has made it as the user of the session; the file then. */
    Entry givenTo(final Caller caller, final Inode inode) throws IOException {
        final Attributes made = attributes.read(inode);
        if (options.uid().isPresent() || made.uid() == caller.uid()) {
            return new Entry(inode.node(), made);
        }
        try {
            writer.change(inode, AttributeChange.owner(caller.uid()));
        } catch (final RemoteException e) {
            // A server that does not run as root can't give files away; they stay its user's.
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            return new Entry(inode.node(), made);
        }
        return new Entry(inode.node(), attributes.read(inode));
    }

    private Entry made(final Caller caller, final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.found(directory, name, fids.walk(inodes.path(directory), name));
        try {
            return givenTo(caller, inode);
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /** The inode was counted as handed out; that is taken back if its attributes can't be had. */
    private Entry entry(final Inode inode) throws IOException {
        try {
            return new Entry(inode.node(), attributes.read(inode));
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    private void remove(final Inode directory, final ByteString name, final int flags) throws IOException {
        requests.unlink(inodes.path(directory), name, flags);
        inodes.removed(directory, name);
    }

    private void renameat(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        requests.rename(inodes.path(directory), name, inodes.path(newDirectory), newName);
        inodes.renamed(directory, name, newDirectory, newName);
    }
}
