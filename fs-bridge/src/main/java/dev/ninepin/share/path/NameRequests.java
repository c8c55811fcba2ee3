package dev.ninepin.share.path;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The requests that rename and remove files: Trenameat and Tunlinkat, or Trename and Tremove for a server that does not
 * know these, such as diod 1.0. The server's first refusal decides. Any thread may call any method.
 */
public final class NameRequests {
    private final Session session;
    private final Inodes inodes;
    private final FidTable fids;
    private final FilePaths paths;
    private final LostChanges lostChanges;
    private final Unknown unknown;

    /**
     * The requests that the server refused as unknown, for all users of a share. Each flag is set once, by any thread.
     */
    public static final class Unknown {
        private volatile boolean renameat;
        private volatile boolean unlinkat;
    }

    /**
     * @param fids the fids of the user who sends the requests
     */
    NameRequests(final SharedState shared, final FidTable fids, final FilePaths paths) {
        this.session = shared.session();
        this.inodes = shared.inodes();
        this.fids = fids;
        this.paths = paths;
        this.lostChanges = paths.lostChanges();
        this.unknown = shared.unknownRequests();
    }

    /** Renames a file. The caller ensures that no other directory is moved meanwhile. */
    public void rename(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        try {
            lostChanges.rename(directory, name, newDirectory, newName, () -> {
                send(directory, name, newDirectory, newName);
                return newName;
            });
        } finally {
            inodes.known(directory, name).ifPresent(Inode::noteChange);
            inodes.known(newDirectory, newName).ifPresent(Inode::noteChange);
        }
    }

    private void send(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        if (!unknown.renameat) {
            try {
                sendRename(
                        directory, name, newDirectory, newName, (from, to) -> session.renameat(from, name, to, newName)
                                .await());
                return;
            } catch (final RemoteException e) {
                if (!isUnknown(e)) {
                    throw e;
                }
                unknown.renameat = true;
            }
        }
        sendRename(directory, name, newDirectory, newName, (from, to) -> {
            try (Lease file = fileAt(directory, from, name)) {
                return session.rename(file.fid(), to, newName).await();
            }
        });
    }

    /** Returns a fid on the file to be renamed: the path fid if the path needs no check, otherwise a new fid. */
    private Lease fileAt(final Inode directory, final int at, final ByteString name) throws IOException {
        final Optional<Lease> known = knownAt(directory, name)
                .filter(file -> fids.isAt(inodes.path(file), inodes.path(directory), name))
                .flatMap(file -> fids.leaseIfMade(inodes.path(file)));
        if (known.isPresent()) {
            return known.get();
        }
        final int walked = fids.walk(at, name).fid();
        return new Lease() {
            @Override
            public int fid() {
                return walked;
            }

            @Override
            public void close() {
                fids.clunk(walked);
            }
        };
    }

    /** Returns the known file of a name, if its path need not be checked before a change. */
    private Optional<Inode> knownAt(final Inode directory, final ByteString name) {
        return inodes.known(directory, name).filter(paths::isKnown);
    }

    private void sendRename(
            final Inode directory,
            final ByteString name,
            final Inode newDirectory,
            final ByteString newName,
            final FilePaths.UseOfTwo<Rmessage> request)
            throws IOException {
        final Inode file = inodes.known(directory, name).orElse(null);
        paths.withBoth(
                directory, newDirectory, request, expected -> expected.setName(name, Optional.empty()), expected -> {
                    if (file == null) {
                        expected.forget();
                    } else {
                        expected.setName(newName, Optional.of(file.id().qid()));
                    }
                });
    }

    /**
     * Removes a name. The caller ensures that no directory is moved meanwhile.
     *
     * @param flags the flags of Tunlinkat
     */
    public void unlink(final Inode directory, final ByteString name, final int flags) throws IOException {
        try {
            lostChanges.unlink(directory, name, () -> {
                send(directory, name, flags);
                return name;
            });
        } finally {
            inodes.known(directory, name).ifPresent(Inode::noteChange);
        }
    }

    private void send(final Inode directory, final ByteString name, final int flags) throws IOException {
        final boolean asDirectory = (flags & Tunlinkat.AT_REMOVEDIR) != 0;
        if (!unknown.unlinkat) {
            try {
                paths.remove(directory, name, at -> {
                    if (session.isGanesha()) {
                        // nfs-ganesha ignores the flags. The fallback to Tremove below is no alternative, since Tremove
                        // crashes it.
                        fids.clunk(walkTo(at, name, asDirectory).fid());
                    }
                    return session.unlinkat(at, name, flags).await();
                });
                return;
            } catch (final RemoteException e) {
                if (!isUnknown(e)) {
                    throw e;
                }
                unknown.unlinkat = true;
            }
        }
        paths.remove(directory, name, at -> {
            fids.remove(takeFile(directory, at, name, asDirectory));
            return name;
        });
    }

    /** Returns a fid on the file to be removed: the path fid if the path needs no check, otherwise a new fid. */
    private int takeFile(final Inode directory, final int at, final ByteString name, final boolean asDirectory)
            throws IOException {
        // Not for a directory. If a file has taken its name, Tremove would remove the file.
        final Inode known = asDirectory ? null : knownAt(directory, name).orElse(null);
        if (known != null && !known.isDirectory()) {
            final OptionalInt taken = fids.take(inodes.path(known), inodes.path(directory), name);
            if (taken.isPresent()) {
                return taken.getAsInt();
            }
        }
        return walkTo(at, name, asDirectory).fid();
    }

    /**
     * Walks to the file to be removed. Fails with ENOTDIR or EISDIR if it is of the wrong kind: a server may not check
     * that, but unlink(2) and rmdir(2) must.
     */
    private FidTable.Walked walkTo(final int at, final ByteString name, final boolean asDirectory) throws IOException {
        final FidTable.Walked file = fids.walk(at, name);
        if (file.qid().isDirectory() != asDirectory) {
            fids.clunk(file.fid());
            throw asDirectory
                    ? new ErrnoException(Errno.ENOTDIR, name + " is not a directory")
                    : new ErrnoException(Errno.EISDIR, name + " is a directory");
        }
        return file;
    }

    private static boolean isUnknown(final RemoteException refusal) {
        return refusal.errno() == Errno.EOPNOTSUPP || refusal.errno() == Errno.ENOSYS;
    }
}
