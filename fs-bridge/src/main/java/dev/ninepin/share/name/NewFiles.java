package dev.ninepin.share.name;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UserView;
import dev.ninepin.share.xattr.Inheritance;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is done before and after the server creates a file of any kind: the mode, group and ACL to create it with, and
 * the owner to set. Any thread may call any method.
 */
public final class NewFiles {
    static final int S_ISGID = 02000;
    private static final int SET_ID_BITS = 06000;
    private static final int PERMISSIONS = 07777;
    private static final int SYMLINK = 0120777;
    private static final long BLOCK_SIZE = 4096;

    private final Session session;
    private final Inodes inodes;
    private final FilePaths paths;
    private final ShareOptions options;
    private final AttributeReader attributes;
    private final AttributeWriter writer;
    private final Inheritance inheritance;
    private final NameRemoval removal;
    private final Twins twins;

    /** The owners that the server has given to new files without a request of its own. */
    private final Set<Owner> givenOwners = ConcurrentHashMap.newKeySet();

    /**
     * A file's owner. A file system may give new files the group of their directory (ext4's option {@code grpid}).
     *
     * @param user the user, as a local ID
     * @param group the group, as a server ID
     * @param directoryGroup the directory's group, as a server ID
     */
    private record Owner(int user, int group, int directoryGroup) {}

    private Owner ownerOf(final Plan plan) throws IOException {
        return new Owner(
                plan.caller().uid(),
                plan.group(),
                attributes.lastSeen(plan.directory()).gid());
    }

    public NewFiles(
            final UserView view,
            final AttributeReader attributes,
            final AttributeWriter writer,
            final Inheritance inheritance) {
        this.session = view.session();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.options = view.options();
        this.attributes = attributes;
        this.writer = writer;
        this.inheritance = inheritance;
        this.removal = new NameRemoval(view, attributes);
        this.twins = new Twins(view);
    }

    /**
     * A file to be created.
     *
     * @param group the file's group, as a server ID
     * @param how the file's mode and ACL; empty if it can't have an ACL
     */
    public record Plan(Caller caller, Inode directory, ByteString name, int group, Optional<Inheritance.Made> how) {
        /** Returns the type and permissions to create the file with; 0 for a symbolic link. */
        public int mode() {
            return how.map(Inheritance.Made::mode).orElse(0);
        }
    }

    /**
     * Plans a file.
     *
     * @param mode the requested type and permissions, before the umask
     * @throws ErrnoException EOVERFLOW if the caller's user or group has no server ID, and so could not own the file
     *     ({@code fs/namei.c}, may_create)
     */
    public Plan plan(final Caller caller, final Inode directory, final ByteString name, final int mode)
            throws IOException {
        final int group = groupFor(caller, directory);
        return new Plan(
                caller, directory, name, group, Optional.of(inheritance.modeAndAclFor(caller, directory, mode)));
    }

    /** Plans a symbolic link, as {@link #plan} does. */
    Plan planSymlink(final Caller caller, final Inode directory, final ByteString name) throws IOException {
        return new Plan(caller, directory, name, groupFor(caller, directory), Optional.empty());
    }

    /** Returns the group of a new file: the caller's, or the directory's if that has the set-group-ID bit. */
    private int groupFor(final Caller caller, final Inode directory) throws IOException {
        options.idMap().toServerOwner(caller.uid());
        final int group = options.idMap().toServerGroup(caller.gid());
        return givesGroup(directory) ? attributes.lastSeen(directory).gid() : group;
    }

    /**
     * Fails with EEXIST if a name is taken, but only on a server that would not report it: nfs-ganesha's Tlcreate opens
     * an existing file, and its Tsymlink succeeds over any name.
     */
    public void requireAbsentWhereUnchecked(final Inode directory, final ByteString name) throws IOException {
        if (session.isGanesha()) {
            paths.requireAbsent(directory, name);
        }
    }

    /** Compares a new file with known ones, as {@link Twins#identifyMade} does. */
    public Identity identify(final Plan plan, final Qid made) {
        return twins.identifyMade(plan.directory(), plan.name(), made);
    }

    /**
     * Returns whether a new file's attributes follow from its plan, so that the server need not be asked for them: the
     * reply to the creation identifies the file, the file inherits no ACL, and the server has given this owner and
     * group to a new file before.
     *
     * @param made the qid of the reply
     */
    public boolean isPredictable(final Plan plan, final Qid made) throws IOException {
        return !session.isGanesha()
                && identifies(made, plan)
                && plan.how().flatMap(Inheritance.Made::acl).isEmpty()
                && (plan.mode() & SET_ID_BITS) == 0
                && !FileMode.isDevice(plan.mode())
                && !givesGroup(plan.directory())
                && givenOwners.contains(ownerOf(plan));
    }

    /**
     * Returns whether the qid of a reply can be that of the new file. Some servers answer Tmkdir and Tsymlink with a
     * blank qid (hugelgupf/p9, {@code fsimpl/localfs}).
     */
    private static boolean identifies(final Qid made, final Plan plan) {
        final boolean isSymlink = (made.type() & Qid.SYMLINK) != 0;
        // Only mkdir(2) plans a mode without a type.
        final boolean planned = plan.how().isPresent() && (plan.mode() & ~PERMISSIONS) == 0;
        return made.path() != 0 && isSymlink == plan.how().isEmpty() && made.isDirectory() == planned;
    }

    /** Returns whether files in a directory get its group. */
    private boolean givesGroup(final Inode directory) throws IOException {
        return (attributes.lastSeen(directory).mode() & S_ISGID) != 0;
    }

    /**
     * Completes a file as {@link #complete} does, without a request: its plan must be predictable ({@link
     * #isPredictable}).
     *
     * @param made the new file's qid
     * @param size the new file's size in bytes
     * @param asked from before the file was created ({@link AttributeReader#beginRequest(Optional)})
     */
    public Entry completePredicted(
            final Plan plan,
            final Inode inode,
            final Qid made,
            final long size,
            final Inode.Asked asked,
            final Uninterrupted.Action cleanup)
            throws IOException {
        final Entry entry = complete(
                plan, inode, file -> attributes.recordReplyOverPath(file, predict(plan, made, size), asked), cleanup);
        inheritance.recordCreated(inode, plan.directory(), asked.nanos());
        // These attributes must not be taken for the server's later.
        inode.noteChange();
        return new Entry(entry.node(), entry.attributes().asPrediction());
    }

    private Rgetattr predict(final Plan plan, final Qid made, final long size) throws IOException {
        final int mode;
        if (plan.how().isEmpty()) {
            mode = SYMLINK;
        } else {
            mode = made.isDirectory() ? FileMode.DIRECTORY | plan.mode() : plan.mode();
        }
        final Instant now = Instant.now();
        final long seconds = now.getEpochSecond();
        final long nanos = now.getNano();
        return new Rgetattr(
                AttrMask.BASIC,
                made,
                mode,
                options.idMap().toServerOwner(plan.caller().uid()),
                plan.group(),
                made.isDirectory() ? 2 : 1,
                0,
                size,
                BLOCK_SIZE,
                0,
                seconds,
                nanos,
                seconds,
                nanos,
                seconds,
                nanos,
                0,
                0,
                0,
                0);
    }

    /**
     * Completes a file that was just created, and returns its entry: sets the ACLs, owner and group. If that fails,
     * decrements the inode's lookup count. If the ACLs cannot be set, also removes the file, since more users could
     * access it than should.
     *
     * @param inode the file's inode, whose lookup count was incremented
     * @param reading reads the file's attributes
     * @param cleanup run first if the file cannot be completed
     */
    public Entry complete(
            final Plan plan, final Inode inode, final NameLookup.Reading reading, final Uninterrupted.Action cleanup)
            throws IOException {
        boolean isRestricted = false;
        try {
            if (plan.how().isPresent()) {
                inheritance.applyAcls(inode, plan.how().get());
            }
            isRestricted = true;
            return setOwner(plan, inode, reading.read(inode));
        } catch (final IOException | RuntimeException e) {
            cleanup.run();
            if (!isRestricted) {
                remove(plan, inode, e);
            }
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /**
     * Sets the owner and group of a new file, and returns its entry. The server created the file as the session's user.
     * nfs-ganesha also ignores the group in Tmkdir, Tmknod and Tsymlink. The set-ID bits are set again, since a change
     * of the owner clears them (chown(2)).
     *
     * @param made the file's present attributes
     */
    private Entry setOwner(final Plan plan, final Inode inode, final Attributes made) throws IOException {
        final int caller = plan.caller().uid();
        final OptionalInt uid =
                options.uid().isPresent() || made.uid() == caller ? OptionalInt.empty() : OptionalInt.of(caller);
        final int group = options.idMap().toLocalGroup(plan.group());
        final OptionalInt gid = options.gid().isPresent() || made.gid() == group || group == IdMap.NO_ID
                ? OptionalInt.empty()
                : OptionalInt.of(group);
        final AttributeChange owner = AttributeChange.owner(uid, gid);
        final int setId = inode.isDirectory() ? 0 : plan.mode() & SET_ID_BITS;
        if (owner.isEmpty() && !givesGroup(plan.directory())) {
            givenOwners.add(ownerOf(plan));
        }
        if (owner.isEmpty() && (setId & ~made.mode()) == 0) {
            return new Entry(inode.node(), made);
        }
        try {
            if (!owner.isEmpty()) {
                writer.change(inode, owner);
            }
            if (setId != 0) {
                writer.change(inode, AttributeChange.mode(made.mode() | setId));
            }
        } catch (final RemoteException e) {
            // A server that does not run as root can't change a file's owner. The file stays the session user's.
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            return new Entry(inode.node(), made);
        }
        return new Entry(inode.node(), attributes.read(inode));
    }

    /** Removes a file that was just created, if it still has its name. Adds its own exception to {@code failure}. */
    private void remove(final Plan plan, final Inode inode, final Exception failure) {
        try {
            // Uninterrupted, since an interrupt may have ended the wait for a reply.
            Uninterrupted.run(() -> {
                if (paths.askWhetherNamed(inode, plan.directory(), plan.name())) {
                    removal.remove(plan.directory(), plan.name(), inode.isDirectory() ? Tunlinkat.AT_REMOVEDIR : 0);
                }
            });
        } catch (final IOException e) {
            failure.addSuppressed(e);
        }
    }
}
