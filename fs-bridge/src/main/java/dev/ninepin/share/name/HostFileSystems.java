package dev.ninepin.share.name;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.HostFileSystem;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The search for the file system of the server's host that a directory is on. 9P does not tell.
 *
 * <p>Two directories are on the same file system if statfs(2) reports the same type and ID for both, and they are in
 * the same mount. Neither is proof alone:
 *
 * <ul>
 *   <li>The ID is not unique. Copies of a block device have the same ID, and old kernels give every tmpfs the ID 0.
 *   <li>One mount may contain several file systems: a mount of btrfs has subvolumes.
 * </ul>
 *
 * <p>To learn whether two directories are in one mount, this class tries to rename a nonexistent file from one to the
 * other. rename(2) compares the mounts before it looks for the file ({@code fs/namei.c}, do_renameat2). So the rename
 * fails with EXDEV or ENOENT, and never changes anything. Servers without Trenameat, such as diod 1.0, get a request to
 * link to the root instead. It fails with EXDEV or EPERM (do_linkat, vfs_link).
 *
 * <p>The server is asked once about a directory, and only when a name in the directory makes the answer matter. Any
 * thread.
 */
final class HostFileSystems {
    private static final int DONE = 0;
    private static final int EXDEV = 18;

    /** The errnos with which a server refuses an unknown request. */
    private static final Set<Integer> UNKNOWN_REQUEST = Set.of(Errno.ENOSYS, Errno.EOPNOTSUPP);

    private static final Logger LOG = LoggerFactory.getLogger(HostFileSystems.class);

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;

    HostFileSystems(final UserView view) {
        this.session = view.session();
        this.inodes = view.inodes();
        this.paths = view.paths();
    }

    /**
     * Returns the file system of a directory; empty if the server does not tell, or not to this user.
     *
     * @throws StaleFileException if another client is moving the directory, or it is gone
     */
    Optional<HostFileSystem> of(final Inode directory) throws IOException {
        final Optional<HostFileSystem> known = inodes.fileSystems().of(directory);
        if (known.isPresent()) {
            return known;
        }
        if (directory != inodes.root()) {
            // First the root: it exists as long as the share does, so it is the best example of its file system.
            of(inodes.root());
        }
        try {
            final Rstatfs seen = paths.use(directory, fid -> session.statfs(fid).await());
            return Optional.of(inodes.fileSystems().record(directory, find(directory, seen)));
        } catch (final RemoteException e) {
            LOG.debug("the file system of {} is not known: {}", inodes.pathOf(directory), e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Returns whether a directory is on the file system of another directory, as far as the server tells.
     *
     * @param fid a fid on the directory
     */
    boolean isOn(final int fid, final Inode other) throws IOException {
        final HostFileSystem wanted = of(other).orElse(null);
        final Rstatfs seen = session.statfs(fid).await();
        return wanted != null
                && wanted.matches(seen.type(), seen.fsid())
                && (!wanted.isCertain() || paths.use(other, from -> compare(other, from, fid)) == Comparison.ONE);
    }

    private HostFileSystem find(final Inode directory, final Rstatfs seen) throws IOException {
        final boolean isCertain = HostFileSystem.hasUniqueNumbers(seen.type())
                || (HostFileSystem.isUnspecifiedType(seen.type()) && staysOnOneDevice());
        final HostFileSystem found = new HostFileSystem(seen.type(), seen.fsid(), directory, isCertain);
        final Set<HostFileSystem> others = new HashSet<>();
        while (isCertain && !inodes.fileSystems().add(found, seen.type(), seen.fsid(), others)) {
            for (final HostFileSystem other : inodes.fileSystems().alike(seen.type(), seen.fsid())) {
                final Comparison comparison =
                        others.add(other) ? compare(inodes.exampleOf(other), directory) : Comparison.TWO;
                if (comparison == Comparison.ONE) {
                    return other;
                } else if (comparison == Comparison.UNKNOWN) {
                    return new HostFileSystem(seen.type(), seen.fsid(), directory, false);
                }
            }
        }
        return found;
    }

    /**
     * Returns whether the server is diod 1.0. That server has no Trenameat, and does not walk to a file on another
     * device than the file's directory ({@code diod/ops.c}, diod_walk).
     */
    private boolean staysOnOneDevice() throws IOException {
        final Inode root = inodes.root();
        return inodes.fileSystems().lackRenameat()
                || (paths.use(root, fid -> compare(root, fid, fid)) == Comparison.ONE
                        && inodes.fileSystems().lackRenameat());
    }

    /** Whether two directories are in one mount of the server's host, or in two. */
    private enum Comparison {
        ONE,
        TWO,
        UNKNOWN
    }

    private Comparison compare(final Inode one, final Inode other) throws IOException {
        Comparison comparison;
        try {
            comparison = paths.useBoth(one, other, (from, to) -> compare(one, from, to));
        } catch (final StaleFileException e) {
            LOG.debug("{} can't be compared with {}", inodes.pathOf(one), inodes.pathOf(other), e);
            comparison = Comparison.UNKNOWN;
        }
        // The answer is only valid if the paths still lead to these directories.
        if (!paths.use(other, fid -> isStill(other, fid))) {
            throw new StaleFileException(inodes.pathOf(other) + " is another directory now");
        }
        return comparison;
    }

    /**
     * @param from a fid on the path of {@code one}
     * @param to a fid on the other directory
     */
    private Comparison compare(final Inode one, final int from, final int to) throws IOException {
        // No file has this name, so there is nothing to rename.
        final ByteString name = ByteString.of(".ninepin-" + UUID.randomUUID());
        int expected = Errno.ENOENT;
        int answer =
                inodes.fileSystems().lackRenameat() ? Errno.EOPNOTSUPP : errno(session.renameat(from, name, to, name));
        if (UNKNOWN_REQUEST.contains(answer) && one == inodes.root()) {
            inodes.fileSystems().lacksRenameat();
            // Only the root is certain to be a directory still. A link to a regular file would succeed.
            expected = Errno.EPERM;
            answer = errno(session.link(to, from, name));
        }
        if (answer == EXDEV) {
            return Comparison.TWO;
        }
        return answer == expected && isStill(one, from) ? Comparison.ONE : Comparison.UNKNOWN;
    }

    private boolean isStill(final Inode directory, final int fid) throws IOException {
        final Rgetattr seen = session.getattr(fid, AttrMask.BASIC).await();
        return FileId.of(seen.qid()).equals(directory.id());
    }

    private static int errno(final Call<?> call) throws IOException {
        try {
            call.await();
            return DONE;
        } catch (final RemoteException e) {
            return e.errno();
        } catch (final SessionEndedException e) {
            throw e.asRepeatable();
        }
    }
}
