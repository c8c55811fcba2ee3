package dev.ninepin.share.name;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.HostFileSystem;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The comparison of a file found under a new name with files known under other names: are they the same file?
 *
 * <p>The server's number ({@code qid.path}) alone does not tell:
 *
 * <ul>
 *   <li>QEMU passes the host's inode number on, unless it runs with {@code multidevs=remap}. Files on two file systems
 *       of one export may have the same number. On an overlay, even two files in one directory may.
 *   <li>A new file may get the number of a removed one.
 * </ul>
 *
 * <p>If two files were taken for one, they would share a path and the data that the kernel caches. So two names count
 * as one file only if that is certain, and otherwise as two. A mistake in that direction merely hides a hard link.
 *
 * <p>Two names are certainly one file if both of these hold:
 *
 * <ol>
 *   <li>Both names are in one directory, or in two directories of one file system with unique numbers
 *       ({@link HostFileSystem}).
 *   <li>Either the file has several links, and its attributes, including the change time, are the same over both names
 *       at one moment. Or the known name no longer leads to the file, and the file was not removed meanwhile. The
 *       latter holds if the file has been open on this mount ever since, so that the server could not reuse its number.
 *       It also holds if the size, owner, mode and modification time are those last seen.
 * </ol>
 *
 * <p>A directory, or a file with one link, has one name. So if the known name still leads to the known file, a file
 * found under a new name is another one. A hard link made on this mount is known already, and is not examined by this
 * class.
 *
 * <p>No request is sent unless a file under a new name has a known number. Any thread may call any method.
 */
public final class Twins {
    private static final Logger LOG = LoggerFactory.getLogger(Twins.class);

    /**
     * The maximum number of comparisons of a file that other clients keep changing. Also the maximum number of inodes
     * with which a file is compared if each may be the same file.
     */
    private static final int MOST_COMPARISONS = 4;

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;
    private final HostFileSystems fileSystems;

    Twins(final UserView view) {
        this.session = view.session();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.fileSystems = new HostFileSystems(view);
    }

    /** Compares a file that a walk just found with the known inodes that have its file ID. */
    Identity identify(final Inode directory, final ByteString name, final FidTable.Walked walked) throws IOException {
        final List<Inode> alike = inodes.withSameId(directory, name, walked.qid());
        Identity.Relation relation = Identity.Relation.NEW;
        for (final Inode known : alike) {
            final Identity.Relation each = compare(known, directory, name, walked, alike.size());
            if (each == Identity.Relation.SAME) {
                return new Identity(Optional.of(known), alike, each);
            }
            relation = each.compareTo(relation) > 0 ? each : relation;
        }
        return new Identity(Optional.empty(), alike, relation);
    }

    /**
     * Compares a file as {@link #identify} does. Returns empty if that takes more requests than those that find the
     * file systems of the directories.
     *
     * @param seen the attributes of the file that the walk found
     */
    Optional<Identity> identifyAtOnce(
            final Inode directory, final ByteString name, final FidTable.Walked walked, final Rgetattr seen)
            throws IOException {
        final List<Inode> alike = inodes.withSameId(directory, name, walked.qid());
        for (final Inode known : alike) {
            final Place place = place(known, directory);
            if (place == Place.ONE_FILE_SYSTEM && hasLinks(known, seen) && isUnchanged(known, seen)) {
                return Optional.of(new Identity(Optional.of(known), alike, Identity.Relation.SAME));
            } else if (place != Place.ELSEWHERE) {
                return Optional.empty();
            }
        }
        return Optional.of(
                alike.isEmpty() ? Identity.NEW : new Identity(Optional.empty(), alike, Identity.Relation.TWIN));
    }

    /**
     * Returns the relation of a file that was just created to the known inodes that have its file ID. The file is none
     * of them.
     */
    Identity identifyMade(final Inode directory, final ByteString name, final Qid made) {
        Identity.Relation relation = Identity.Relation.NEW;
        for (final Inode known : inodes.withSameId(directory, name, made)) {
            try {
                if (known == inodes.root() || areBothThere(known, directory, name) == Identity.Relation.TWIN) {
                    relation = Identity.Relation.TWIN;
                }
            } catch (final IOException e) {
                LOG.debug("cannot tell whether {} still exists", inodes.pathOf(known), e);
                relation = Identity.Relation.UNCERTAIN;
            }
        }
        return new Identity(Optional.empty(), List.of(), relation);
    }

    /** Whether the directories of a known name and of a new name are on one file system of the server's host. */
    private enum Place {
        ONE_FILE_SYSTEM,
        /** On two file systems. */
        ELSEWHERE,
        UNCERTAIN
    }

    private Identity.Relation compare(
            final Inode known,
            final Inode directory,
            final ByteString name,
            final FidTable.Walked walked,
            final int alike)
            throws IOException {
        if (known == inodes.root()) {
            return Identity.Relation.TWIN;
        }
        try {
            final Place place = place(known, directory);
            if (place == Place.ELSEWHERE) {
                return Identity.Relation.TWIN;
            } else if (place == Place.UNCERTAIN && alike > MOST_COMPARISONS) {
                // This may be a file with many links, none of which can be recognized. Comparing them all would take
                // too long.
                return Identity.Relation.UNCERTAIN;
            }
            final Rgetattr seen = attributes(walked.fid());
            if (hasLinks(known, seen) && place == Place.ONE_FILE_SYSTEM) {
                return compareLinks(known, walked.fid(), seen);
            }
            final Identity.Relation there = areBothThere(known, directory, name);
            if (there == Identity.Relation.TWIN) {
                return hasLinks(known, seen) ? Identity.Relation.UNCERTAIN : there;
            }
            return there == Identity.Relation.NEW
                            && place == Place.ONE_FILE_SYSTEM
                            && isMoved(known, directory, walked.fid(), seen)
                    ? Identity.Relation.SAME
                    : there;
        } catch (final StaleFileException e) {
            LOG.debug("{} is just changing: {}", inodes.pathOf(known), e.getMessage());
            return Identity.Relation.CHANGING;
        } catch (final RemoteException e) {
            LOG.debug("{} can't be compared: {}", inodes.pathOf(known), e.getMessage());
            return e.errno() == Errno.EACCES || e.errno() == Errno.EPERM
                    ? Identity.Relation.UNCERTAIN
                    : Identity.Relation.CHANGING;
        }
    }

    private Place place(final Inode known, final Inode directory) throws IOException {
        final Inode home = inodes.homeOf(known, directory).orElse(null);
        if (home == null) {
            return Place.UNCERTAIN;
        }
        final HostFileSystem here = fileSystems.of(directory).orElse(null);
        if (here == null) {
            return Place.UNCERTAIN;
        } else if (home == directory) {
            return known.isDirectory() || !here.mixesNumbers() ? Place.ONE_FILE_SYSTEM : Place.UNCERTAIN;
        }
        final HostFileSystem there = whereIs(home).orElse(null);
        if (there == null || !here.isCertain() || !there.isCertain()) {
            return Place.UNCERTAIN;
        }
        return here == there ? Place.ONE_FILE_SYSTEM : Place.ELSEWHERE;
    }

    private Optional<HostFileSystem> whereIs(final Inode directory) throws IOException {
        try {
            return fileSystems.of(directory);
        } catch (final StaleFileException e) {
            LOG.trace("{} is gone", inodes.pathOf(directory), e);
            return Optional.empty();
        }
    }

    private static boolean hasLinks(final Inode known, final Rgetattr seen) {
        return !known.isDirectory() && seen.nlink() > 1;
    }

    /** Compares the attributes of a file with several links over its known name and over the new one. */
    private Identity.Relation compareLinks(final Inode known, final int fid, final Rgetattr first) throws IOException {
        Rgetattr seen = first;
        for (int tries = 0; tries < MOST_COMPARISONS && !isUnchanged(known, seen); tries++) {
            final Rgetattr there;
            try {
                there = paths.use(known, this::attributes);
            } catch (final StaleFileException e) {
                return hasStayed(known, seen) ? Identity.Relation.SAME : Identity.Relation.NEW;
            }
            if (!FileId.of(there.qid()).equals(known.id())) {
                return hasStayed(known, seen) ? Identity.Relation.SAME : Identity.Relation.NEW;
            } else if (isSame(there, seen)) {
                return Identity.Relation.SAME;
            }
            seen = attributes(fid);
            if (isSame(there, seen)) {
                return Identity.Relation.SAME;
            }
        }
        return isUnchanged(known, seen) ? Identity.Relation.SAME : Identity.Relation.CHANGING;
    }

    /** Returns whether a file found under a new name is a known file whose old name no longer leads to it. */
    private boolean isMoved(final Inode known, final Inode directory, final int fid, final Rgetattr seen)
            throws IOException {
        return hasStayed(known, seen) && (!known.isDirectory() || fileSystems.isOn(fid, directory));
    }

    /**
     * Returns whether a file that lost its known name still exists. The server may soon give the number of a removed
     * file to another one.
     */
    private boolean hasStayed(final Inode known, final Rgetattr seen) {
        final Rgetattr last = known.attributes();
        if (known.open.isOpen()) {
            return true;
        }
        // A write on this mount has changed the modification time since. The data that the kernel caches is checked
        // against its version at the next open.
        final boolean isChangedHere = !known.isDirectory() && known.hasChangedSinceSeen();
        return last != null
                && last.mode() == seen.mode()
                && last.uid() == seen.uid()
                && last.gid() == seen.gid()
                && last.rdev() == seen.rdev()
                && (known.isDirectory() || known.hasSizeOf(seen))
                && (isChangedHere || isModifiedWith(last, seen));
    }

    private static boolean isModifiedWith(final Rgetattr one, final Rgetattr other) {
        return one.mtimeSec() == other.mtimeSec() && one.mtimeNsec() == other.mtimeNsec();
    }

    /** Returns whether a file's attributes, including the change time, are those last seen over a known name. */
    private static boolean isUnchanged(final Inode known, final Rgetattr seen) {
        final Rgetattr last = known.attributes();
        return last != null && isSame(last, seen);
    }

    private static boolean isSame(final Rgetattr one, final Rgetattr other) {
        return CachedData.isSameVersion(one, other)
                && one.mode() == other.mode()
                && one.uid() == other.uid()
                && one.gid() == other.gid()
                && one.nlink() == other.nlink()
                && one.rdev() == other.rdev()
                && one.blocks() == other.blocks();
    }

    private Rgetattr attributes(final int fid) throws IOException {
        return session.getattr(fid, AttrMask.BASIC).await();
    }

    /** Asks the server whether a known name of a file and another name that was just found both lead to it. */
    private Identity.Relation areBothThere(final Inode known, final Inode directory, final ByteString found)
            throws IOException {
        final Inode.Name name = inodes.someName(known).orElse(null);
        if (name == null || !paths.askWhetherNamed(known, name.directory(), name.name())) {
            return Identity.Relation.NEW;
        }
        // Otherwise the file was renamed meanwhile, from one name to the other. Both walks then showed the same number.
        return !name.equals(new Inode.Name(directory, found)) && paths.askWhetherNamed(known, directory, found)
                ? Identity.Relation.TWIN
                : Identity.Relation.CHANGING;
    }

    /** Logs a warning when two files with the same number are found, once per mount. */
    void report(final Identity identity, final Inode directory, final ByteString name) {
        if (identity.relation() == Identity.Relation.TWIN
                && !identity.compared().isEmpty()
                && inodes.fileSystems().isFirstTwin()) {
            final Inode known = identity.compared().get(0);
            LOG.warn(
                    "the server gives the two files {} and {} the same qid.path {}; programs may miss hard links. If"
                            + " the server is QEMU and exports several file systems, set multidevs=remap",
                    inodes.pathOf(known),
                    inodes.pathOf(directory, name),
                    Long.toUnsignedString(known.id().path()));
        }
    }
}
