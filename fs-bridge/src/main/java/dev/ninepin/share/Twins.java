package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says whether a file that is found under a new name is one that is known by another name. The server's number (qid.path)
 * alone does not tell: QEMU gives out the host's inode number, unless it is run with {@code multidevs=remap}, and two file
 * systems of an export have files with the same; an overlay may have them in one directory; and the number of a removed file
 * goes to a new one. Taken for one, two files would share what the kernel keeps of them, and a path. So they are one only
 * if that is certain, and else two: then no more is lost than a link.
 *
 * <p>It is certain if
 *
 * <ol>
 *   <li>both names are in one directory, or in two of one file system with unique numbers ({@link HostFileSystem}); and
 *   <li>the file has several links, and all attributes are the same over both names at one moment, times of change
 *       included; or the known name does not lead to it any more, and it has either been open here ever since, so that the
 *       server could not give its number away, or still has the size, owner, mode and time of modification last seen.
 * </ol>
 *
 * <p>A file with one link and a directory have one name, so what is found while the known name still leads to the known one
 * is another. A hard link that was made here is known, and never comes here.
 *
 * <p>Costs nothing unless a new name has a known number. Any thread.
 */
final class Twins {
    private static final Logger LOG = LoggerFactory.getLogger(Twins.class);

    /** How often a file that others are just changing is compared, and with how many others one that may be any of them. */
    private static final int MOST_COMPARISONS = 4;

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;
    private final HostFileSystems fileSystems;

    Twins(final Session session, final Inodes inodes, final FilePaths paths) {
        this.session = session;
        this.inodes = inodes;
        this.paths = paths;
        this.fileSystems = new HostFileSystems(session, inodes, paths);
    }

    /** What the file is that was just walked to. */
    Identity identify(final Inode directory, final ByteString name, final FidTable.Walked walked) throws IOException {
        final List<Inode> alike = inodes.alike(directory, name, walked.qid());
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
     * As {@link #identify}, if no more needs to be asked than which file systems directories are on; else empty.
     *
     * @param seen the attributes of what was walked to
     */
    Optional<Identity> identifyAtOnce(
            final Inode directory, final ByteString name, final FidTable.Walked walked, final Rgetattr seen)
            throws IOException {
        final List<Inode> alike = inodes.alike(directory, name, walked.qid());
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

    /** What a file that was just made under a name is to those that have its number. It is none of them. */
    Identity identifyMade(final Inode directory, final ByteString name, final Qid made) {
        Identity.Relation relation = Identity.Relation.NEW;
        for (final Inode known : inodes.alike(directory, name, made)) {
            try {
                if (known == inodes.root() || areBothThere(known, directory, name) == Identity.Relation.TWIN) {
                    relation = Identity.Relation.TWIN;
                }
            } catch (final IOException e) {
                LOG.debug("whether {} is still there is not known", inodes.pathOf(known), e);
                relation = Identity.Relation.UNCERTAIN;
            }
        }
        return new Identity(Optional.empty(), List.of(), relation);
    }

    /** Where the directories of a known name and of a new one are. */
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
                // A file with many links, none of which can be recognized.
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

    /** Compares the attributes of a file with several links over its known name and the new one. */
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

    /** Whether what was found is a known file whose old name leads to it no more. */
    private boolean isMoved(final Inode known, final Inode directory, final int fid, final Rgetattr seen)
            throws IOException {
        return hasStayed(known, seen) && (!known.isDirectory() || fileSystems.isOn(fid, directory));
    }

    /** Whether a file that has lost its known name has not been removed: its number is another's soon then. */
    private boolean hasStayed(final Inode known, final Rgetattr seen) {
        final Rgetattr last = known.attributes();
        if (inodes.isOpen(known)) {
            return true;
        }
        // A write here has changed the time since; what the kernel keeps is judged by its version when it is opened.
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

    /** Whether a file has the attributes, times of change included, that it had when it was last seen over a known name. */
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

    /** Whether a known name of a file leads to it, and another name, which it was not known by, as well. */
    private Identity.Relation areBothThere(final Inode known, final Inode directory, final ByteString found)
            throws IOException {
        final Inode.Name name = inodes.someName(known).orElse(null);
        if (name == null || !paths.isNamed(known, name.directory(), name.name())) {
            return Identity.Relation.NEW;
        }
        // Else it was renamed meanwhile, from one to the other. Both have one number.
        return !name.equals(new Inode.Name(directory, found)) && paths.isNamed(known, directory, found)
                ? Identity.Relation.TWIN
                : Identity.Relation.CHANGING;
    }

    /** Says once for each mount that a file was found that has the number of another. */
    void report(final Identity identity, final Inode directory, final ByteString name) {
        if (identity.relation() == Identity.Relation.TWIN
                && !identity.compared().isEmpty()
                && inodes.fileSystems().isFirstTwin()) {
            final Inode known = identity.compared().get(0);
            LOG.warn(
                    "the server numbers {} and {} alike (qid.path {}), though they are two files; programs may miss hard"
                            + " links, and if the server is QEMU with several file systems in its export,"
                            + " multidevs=remap mends that",
                    inodes.pathOf(known),
                    inodes.pathOf(directory, name),
                    Long.toUnsignedString(known.id().path()));
        }
    }
}
