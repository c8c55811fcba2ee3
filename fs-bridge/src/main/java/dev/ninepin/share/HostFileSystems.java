package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.session.Call;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which directories of the server are on one file system of its host, which 9P does not say.
 *
 * <p>Two directories are on one if statfs(2) gives both the same type and the same identity, and if they are in one mount.
 * The identity alone proves nothing: copies of a block device have the same, and old kernels give every tmpfs 0. The mount
 * alone proves nothing either: that of btrfs has subvolumes. Whether it is one mount tells an attempt to rename a file that
 * does not exist from one directory to the other: rename(2) compares the mounts before it looks for the file
 * ({@code fs/namei.c}, do_renameat2), so it fails with EXDEV or with ENOENT, and never does anything. Servers without
 * Trenameat, as diod 1.0, are asked for a link to the root, which fails with EXDEV or with EPERM (do_linkat, vfs_link).
 *
 * <p>A directory is asked about once, and only if a name in it makes the answer matter. Any thread.
 */
final class HostFileSystems {
    private static final int DONE = 0;
    private static final int EXDEV = 18;

    /** What a server answers to a request that it does not know. */
    private static final Set<Integer> UNKNOWN_REQUEST = Set.of(Errno.ENOSYS, Errno.EOPNOTSUPP);

    private static final Logger LOG = LoggerFactory.getLogger(HostFileSystems.class);

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;

    HostFileSystems(final Session session, final Inodes inodes, final FilePaths paths) {
        this.session = session;
        this.inodes = inodes;
        this.paths = paths;
    }

    /**
     * The file system that a directory is on; empty if the server does not say, or not to this user.
     *
     * @throws StaleFileException if others are just moving the directory, or it is gone
     */
    Optional<HostFileSystem> of(final Inode directory) throws IOException {
        final Optional<HostFileSystem> known = inodes.fileSystem(directory);
        if (known.isPresent()) {
            return known;
        }
        if (directory != inodes.root()) {
            // It is there as long as the share is, so it is the best example of its file system.
            of(inodes.root());
        }
        try {
            final Rstatfs seen = paths.use(directory, fid -> session.statfs(fid).await());
            return Optional.of(inodes.fileSystem(directory, find(directory, seen)));
        } catch (final RemoteException e) {
            LOG.debug("the file system of {} is not known: {}", inodes.pathOf(directory), e.getMessage());
            return Optional.empty();
        }
    }

    /** Whether a directory, on which {@code fid} is, is on the file system of another, as far as the server says. */
    boolean isOn(final int fid, final Inode other) throws IOException {
        final HostFileSystem wanted = of(other).orElse(null);
        final Rstatfs seen = session.statfs(fid).await();
        return wanted != null
                && wanted.is(seen.type(), seen.fsid())
                && (!wanted.isCertain() || paths.use(other, from -> compare(other, from, fid)) == Comparison.ONE);
    }

    private HostFileSystem find(final Inode directory, final Rstatfs seen) throws IOException {
        final boolean isCertain = HostFileSystem.hasUniqueNumbers(seen.type())
                || (HostFileSystem.isUntold(seen.type()) && staysOnOneDevice());
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
     * Whether the server is diod 1.0, which has no Trenameat and does not walk to a file of another device than its
     * directory's ({@code diod/ops.c}, diod_walk).
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
        // What was said is only true of directories that are there still.
        if (!paths.use(other, fid -> isStill(other, fid))) {
            throw new StaleFileException(inodes.pathOf(other) + " is another directory now");
        }
        return comparison;
    }

    /** @param from on the path of {@code one} */
    private Comparison compare(final Inode one, final int from, final int to) throws IOException {
        // No file has this name, so there is nothing to rename.
        final ByteString name = ByteString.of(".ninepin-" + UUID.randomUUID());
        int expected = Errno.ENOENT;
        int answer =
                inodes.fileSystems().lackRenameat() ? Errno.EOPNOTSUPP : errno(session.renameat(from, name, to, name));
        if (UNKNOWN_REQUEST.contains(answer) && one == inodes.root()) {
            inodes.fileSystems().lacksRenameat();
            // Only the root can't be a file by now, to which a link would be made.
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
        }
    }
}
