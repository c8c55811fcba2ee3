package dev.ninepin.share;

import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.DirectorySink;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.KnownName;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.operations.WriteReply;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.WaitCondition;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.aside.AsideLeftovers;
import dev.ninepin.share.aside.AsideNotes;
import dev.ninepin.share.attr.Access;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.attr.OpenDescriptors;
import dev.ninepin.share.attr.OwnerWrite;
import dev.ninepin.share.dir.OpenDirectories;
import dev.ninepin.share.file.FileCreation;
import dev.ninepin.share.file.FileHandOver;
import dev.ninepin.share.file.OpenFiles;
import dev.ninepin.share.file.Opening;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.inode.OpenState;
import dev.ninepin.share.name.Creation;
import dev.ninepin.share.name.LinkTarget;
import dev.ninepin.share.name.ManyLookups;
import dev.ninepin.share.name.NameLookup;
import dev.ninepin.share.name.NewFiles;
import dev.ninepin.share.name.PutAside;
import dev.ninepin.share.name.Renames;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.UserView;
import dev.ninepin.share.xattr.ExtendedAttributes;
import dev.ninepin.share.xattr.Inheritance;
import dev.ninepin.share.xattr.LocalXattrs;
import dev.ninepin.share.xattr.XattrSupport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A share as a file system: the operations that the kernel asks for, over one session.
 *
 * <p>This object is the view of the session's user. Where each user has an attach of their own, {@link #forUser}
 * returns the views of other users. All views share the inodes and open files. Any thread may call any method.
 */
public final class Share implements FileOperations, AutoCloseable {
    /** How long the requests at the end of a mount wait for a server that sends nothing. */
    private static final long LAST_REQUESTS_NANOS = TimeUnit.MILLISECONDS.toNanos(1000);

    /** How long to wait for a sign of life before data is given up. */
    private static final long LIFE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final Logger LOG = LoggerFactory.getLogger(Share.class);

    /** An upper bound of the memory for an inode and its record while a state is taken over, in bytes. */
    private static final long BYTES_PER_NODE = 1600;

    private final Common common;
    private final Session session;
    private final Inodes inodes;
    private final OpenFiles files;
    private final OpenDirectories directories;
    private final UserView view;
    private final AttributeReader attributes;
    private final AttributeWriter writer;
    private final ExtendedAttributes xattrs;
    private final LocalXattrs localXattrs;
    private final NameLookup lookup;
    private final ManyLookups lookups;
    private final Creation creation;
    private final PutAside putAside;
    private final Renames renames;
    private final Opening opening;
    private final FileCreation fileCreation;

    /** What the views of all users have in common. */
    private static final class Common {
        private final SharedState state;
        private final AsideNotes notes;
        private final AsideFiles asides;
        private final OpenFiles files;
        private final OpenDirectories directories;
        private final Users users;
        private final LastAnswer<Attributes> rootAttributes;
        private final LastAnswer<Rstatfs> statistics;
        private final XattrSupport xattrSupport = new XattrSupport();
        private final OpenDescriptors.Learnt descriptors = new OpenDescriptors.Learnt();

        private Common(final Session session, final ShareOptions options, final AsideNotes notes) {
            this.state = new SharedState(session, options);
            this.notes = notes;
            this.rootAttributes = new LastAnswer<>(session);
            this.statistics = new LastAnswer<>(session);
            this.asides = new AsideFiles(state.inodes(), notes);
            this.files = new OpenFiles(state, this::removeAside);
            this.directories = new OpenDirectories(state, asides);
            this.users = new Users(
                    options,
                    session.userId(),
                    user -> new Share(this, session.fids().forUser(user)));
        }

        private void removeAside(final Inode inode, final int user) {
            users.viewOf(user).putAside.remove(inode);
        }
    }

    /**
     * @param fids the fids of the user whose view this is
     */
    private Share(final Common common, final FidTable fids) {
        this.common = common;
        this.session = common.state.session();
        this.inodes = common.state.inodes();
        this.files = common.files;
        this.directories = common.directories;
        this.view = new UserView(common.state, fids);
        this.attributes = new AttributeReader(view);
        final OwnerWrite ownerWrite = new OwnerWrite(view);
        this.writer = new AttributeWriter(
                view, attributes, new OpenDescriptors(view, common.asides, common.descriptors), ownerWrite);
        this.xattrs = new ExtendedAttributes(view, common.xattrSupport);
        this.localXattrs = new LocalXattrs(view, xattrs, attributes, writer);
        this.lookup = new NameLookup(view, attributes);
        this.lookups = new ManyLookups(view, attributes);
        final NewFiles newFiles = new NewFiles(view, attributes, writer, new Inheritance(xattrs));
        this.creation = new Creation(view, attributes, lookup, newFiles);
        this.putAside = new PutAside(view, attributes, common.asides);
        this.renames = new Renames(view, attributes, lookup, creation, putAside);
        this.opening = new Opening(view, attributes, ownerWrite, files);
        this.fileCreation = new FileCreation(view, lookup, attributes, writer, newFiles, putAside, opening, files);
    }

    /** Opens a share as {@link #open(Session, ShareOptions, Optional)} does, without notes of silly-renamed files. */
    public static Share open(final Session session, final ShareOptions options) throws IOException {
        return open(session, options, Optional.empty());
    }

    /**
     * Opens the tree to which {@code session} is attached as a share. Removes the silly-renamed files that killed
     * mounts left. Blocks until the server has answered.
     *
     * <p>The share owns the session from now on. It closes the session even if this method fails.
     *
     * @param notes a directory of this host for this share only, created if it is missing. It holds notes of the
     *     silly-renamed files, so that the next mount removes those that a crash leaves
     * @throws IOException if the server does not send the root's attributes, or the root is not a directory
     */
    public static Share open(final Session session, final ShareOptions options, final Optional<Path> notes)
            throws IOException {
        final Share share = new Share(new Common(session, options, notes(notes)), session.fids());
        try {
            if (!share.inodes.root().isDirectory()) {
                throw new IOException("the attach point on the server is not a directory; check -o aname=");
            }
            share.getattr(ROOT);
            share.askForStatistics();
            new AsideLeftovers(share.common.users::viewOf, share.common.notes).remove();
        } catch (final IOException | RuntimeException e) {
            share.close();
            throw e;
        }
        return share;
    }

    /** Requests the statistics of the file system, so that umount(8) gets an answer even if the server falls silent. */
    private void askForStatistics() throws IOException {
        try {
            statfs(ROOT);
        } catch (final RemoteException e) {
            LOG.debug("the server has no statistics of its file system", e);
        }
    }

    /**
     * Opens a share as {@link #open(Session, ShareOptions, Optional)} does, and takes over the nodes, handles, locks
     * and temporary names of another program. Blocks until the server has answered.
     *
     * @throws IOException if the state cannot be used, or the server exports a different directory than before
     */
    public static Share takeOver(
            final Session session, final ShareOptions options, final Optional<Path> notes, final ShareState state)
            throws IOException {
        final Share share =
                new Share(new Common(session, options, AsideNotes.takeOver(notes, state.asides())), session.fids());
        final boolean isSameRoot = !state.nodes().isEmpty()
                && state.nodes().get(0).qid().isSameFile(session.fids().root().qid());
        if (!isSameRoot) {
            throw new IOException("the server now offers another directory than before");
        }
        share.takeOver(state);
        return share;
    }

    private void takeOver(final ShareState state) throws IOException {
        inodes.takeOver(state.lastNode(), state.nodes());
        final Set<Long> alwaysDropped = new HashSet<>();
        for (final ShareState.Node each : state.nodes()) {
            if (each.hidden().isPresent()) {
                final ShareState.Hidden hidden = each.hidden().get();
                final Inode directory = inodes.get(hidden.name().directory());
                common.asides.add(
                        inodes.get(each.node()),
                        new OpenState.Aside(
                                new Inode.Name(directory, hidden.name().name()), hidden.user()));
            }
            if (each.alwaysDrops()) {
                alwaysDropped.add(each.node());
            }
        }
        common.asides.takeOver(state.asides());
        final FileHandOver opened = files.handOver();
        opened.continueAfter(state.lastFile());
        for (final ShareState.File each : state.files()) {
            final OpenFile file = common.users.viewOf(each.user()).opening.takeOver(inodes.get(each.node()), each);
            opened.takeOver(each.handle(), file, alwaysDropped.contains(each.node()));
        }
        directories.continueAfter(state.lastDirectory());
        for (final ShareState.Directory each : state.directories()) {
            final Share opener = common.users.viewOf(each.user());
            directories.takeOver(each, inodes.get(each.node()), opener.view, opener.attributes);
        }
        for (final ShareState.Lock each : state.locks()) {
            opened.takeOver(each);
        }
        opened.regainLocks();
    }

    /**
     * Returns the state of this share for another program. Requests of the kernel must be stopped, and none may be in
     * progress. Blocks until all writes are answered, and checks that all files and directories can be opened again.
     *
     * @param deadline when the attempt ends, as a {@link System#nanoTime}
     * @throws IOException if something cannot be handed over; the message says what, and the share goes on
     */
    public ShareState handOver(final long deadline) throws IOException {
        final long needed = inodes.count() * BYTES_PER_NODE;
        if (needed > Runtime.getRuntime().maxMemory()) {
            throw new IOException("the kernel knows " + inodes.count() + " files, for which another program would need "
                    + (needed >> 20) + " MiB of heap: raise it (NINEPIN_JAVA_OPTIONS=-Xmx), or make the kernel forget"
                    + " some (echo 2 > /proc/sys/vm/drop_caches)");
        }
        if (session.hasActionsToRun()) {
            throw new IOException("a change waits for the next connection to the server");
        }
        final FileHandOver opened = files.handOver();
        try (WaitCondition.Scope scope = WaitCondition.begin(() -> System.nanoTime() - deadline > 0)) {
            // In this order: a failed sync must be told to programs first.
            opened.syncChanges();
            opened.check(deadline);
            directories.checkOpenAgain(deadline);
        }
        return new ShareState(
                inodes.lastNode(),
                inodes.handOver(session.connection()),
                opened.lastHandle(),
                opened.files(),
                directories.lastHandle(),
                directories.handOver(),
                opened.locks(),
                common.asides.handOver());
    }

    /** Syncs files in advance, so that a later {@link #handOver} takes less time. */
    public void prepareHandOver() throws IOException {
        files.handOver().syncChanges();
    }

    private static AsideNotes notes(final Optional<Path> directory) {
        if (directory.isEmpty()) {
            return AsideNotes.none();
        }
        try {
            return AsideNotes.in(directory.get());
        } catch (final IOException e) {
            LOG.warn(
                    "cannot create notes of files that are removed while they are open: {}; a crash would leave such"
                            + " files on the server",
                    e.toString());
            return AsideNotes.none();
        }
    }

    /** Returns the session that carries the share's requests. */
    public Session session() {
        return session;
    }

    @Override
    public FileOperations forUser(final IntSupplier uid) throws ErrnoException {
        return viewOf(common.users.userFor(uid));
    }

    @Override
    public FileOperations forOpener(final long handle) throws ErrnoException {
        return viewOf(files.get(handle).user());
    }

    private FileOperations viewOf(final int user) {
        return user == view.user() ? this : common.users.viewOf(user);
    }

    @Override
    public Entry lookup(final long parent, final ByteString name) throws IOException {
        return lookup.lookup(inodes.get(parent), name);
    }

    @Override
    public List<Optional<Entry>> lookupAll(final long parent, final List<Dirent> names, final long since)
            throws IOException {
        return lookups.find(inodes.get(parent), names, since);
    }

    @Override
    public void forget(final long node, final long lookups) {
        inodes.forget(node, lookups);
    }

    @Override
    public List<KnownName> surplus() {
        return inodes.selectForForget();
    }

    /** Returns the number of files and directories in the inode table: those that the kernel knows or that are open. */
    public int nodes() {
        return inodes.count();
    }

    @Override
    public Attributes getattr(final long node) throws IOException {
        final Inode inode = inodes.get(node);
        return inode == inodes.root()
                ? common.rootAttributes.get(() -> attributes.read(inode), Attributes::asPrediction)
                : attributes.read(inode);
    }

    @Override
    public Attributes getattrToRead(final long node, final KernelCache kernel) throws IOException {
        final Inode inode = inodes.get(node);
        final Rgetattr before = inode.attributes();
        final Attributes now = attributes.read(inode);
        // The size is unchanged, so the kernel does not need this reply. Otherwise the pages must stay: dropping them
        // makes the kernel ignore the reply, and it would not learn the new size.
        if (before != null && before.size() == now.size() && inode.pages.hasJustChanged()) {
            files.dropData(inode, kernel);
        }
        return now;
    }

    @Override
    public Optional<Entry> knownDirectory(final long parent, final ByteString name) throws IOException {
        final Inode directory = inodes.knownDirectory(inodes.get(parent), name).orElse(null);
        if (directory == null) {
            return Optional.empty();
        }
        final Optional<Attributes> last = attributes.lastKnown(directory);
        if (last.isEmpty()) {
            inodes.forget(directory.node(), 1);
        }
        return last.map(each -> new Entry(directory.node(), each));
    }

    @Override
    public Optional<Attributes> attributesOfOpen(final long node) throws IOException {
        return attributes.readOverOpenFid(inodes.get(node));
    }

    @Override
    public Attributes setattr(final long node, final AttributeChange change) throws IOException {
        final Inode inode = inodes.get(node);
        final Attributes changed = writer.changeAndShow(inode, change);
        if (inode == inodes.root()) {
            common.rootAttributes.note(changed);
        }
        return changed;
    }

    @Override
    public Attributes setattrOfOpen(final long handle, final AttributeChange change) throws IOException {
        return writer.changeAndShowOpen(files.get(handle), change);
    }

    @Override
    public ByteString readlink(final long node) throws IOException {
        final Inode link = inodes.get(node);
        final ByteString target =
                view.paths().use(link, fid -> session.readlink(fid).await().target());
        link.noteAccess();
        return LinkTarget.checked(target, view.options().containSymlinks());
    }

    @Override
    public String pathOf(final long node) {
        return inodes.pathOf(node);
    }

    @Override
    public Entry mknod(final Caller caller, final long parent, final ByteString name, final int mode, final long rdev)
            throws IOException {
        return creation.mknod(caller, inodes.get(parent), name, mode, rdev);
    }

    @Override
    public Entry mkdir(final Caller caller, final long parent, final ByteString name, final int mode)
            throws IOException {
        return creation.mkdir(caller, inodes.get(parent), name, mode);
    }

    @Override
    public Entry symlink(final Caller caller, final long parent, final ByteString name, final ByteString target)
            throws IOException {
        return creation.symlink(caller, inodes.get(parent), name, target);
    }

    @Override
    public Entry link(final long node, final long newParent, final ByteString newName) throws IOException {
        return creation.link(inodes.get(node), inodes.get(newParent), newName);
    }

    @Override
    public void unlink(final long parent, final ByteString name) throws IOException {
        renames.unlink(inodes.get(parent), name);
    }

    @Override
    public void rmdir(final long parent, final ByteString name) throws IOException {
        renames.rmdir(inodes.get(parent), name);
    }

    @Override
    public void rename(final long parent, final ByteString name, final long newParent, final ByteString newName)
            throws IOException {
        renames.rename(inodes.get(parent), name, inodes.get(newParent), newName);
    }

    @Override
    public void renameWithoutReplacing(
            final long parent, final ByteString name, final long newParent, final ByteString newName)
            throws IOException {
        renames.renameWithoutReplacing(inodes.get(parent), name, inodes.get(newParent), newName);
    }

    @Override
    public long open(final long node, final int flags, final KernelCache kernel) throws IOException {
        return opening.open(inodes.get(node), flags, kernel);
    }

    @Override
    public boolean isShownEmpty(final long handle) throws IOException {
        return files.isShownEmpty(handle);
    }

    @Override
    public boolean hidesContents(final long handle) throws IOException {
        return files.hidesContents(handle);
    }

    @Override
    public Created create(
            final Caller caller,
            final long parent,
            final ByteString name,
            final int flags,
            final int mode,
            final KernelCache kernel)
            throws IOException {
        return fileCreation.create(caller, inodes.get(parent), name, flags, mode, kernel);
    }

    @Override
    public Created createUnnamed(final Caller caller, final long directory, final int flags, final int mode)
            throws IOException {
        return fileCreation.createUnnamed(caller, inodes.get(directory), flags, mode);
    }

    @Override
    public ReadResult read(final long handle, final long offset, final int count) throws IOException {
        return files.read(handle, offset, count);
    }

    @Override
    public ReadResult readWithoutPages(final long handle, final long offset, final int count) throws IOException {
        return files.readWithoutPages(handle, offset, count);
    }

    @Override
    public Attributes changeNothing(final Caller caller, final long node) throws IOException {
        return writer.changeNothing(caller, inodes.get(node));
    }

    @Override
    public void loseSetId(final long handle) throws IOException {
        try {
            writer.loseSetId(files.get(handle).inode());
        } catch (final RemoteException e) {
            if (!Errno.isDenial(e.errno())) {
                throw e;
            }
        }
    }

    @Override
    public int write(final long handle, final long offset, final ByteBuffer data, final int flags) throws IOException {
        return files.write(handle, offset, data, flags);
    }

    @Override
    public int writePages(final long handle, final long offset, final ByteBuffer data, final int flags)
            throws IOException {
        return files.writePages(handle, offset, data, flags);
    }

    @Override
    public void written(
            final long handle,
            final long offset,
            final ByteBuffer written,
            final WriteReply reply,
            final KernelCache kernel)
            throws IOException {
        files.written(handle, offset, written, reply, kernel);
    }

    @Override
    public void flush(final long handle, final long owner) throws IOException {
        files.flush(handle, owner);
    }

    @Override
    public boolean takesLocks() {
        return view.options().remoteLocks();
    }

    @Override
    public Optional<FileLock> lockInTheWay(final FileLock wanted) throws IOException {
        return files.lockInTheWay(wanted);
    }

    @Override
    public void lock(final FileLock wanted, final boolean wait, final KernelCache kernel) throws IOException {
        files.lock(wanted, wait, kernel);
    }

    @Override
    public void flock(final FileLock wanted, final boolean wait, final KernelCache kernel) throws IOException {
        files.flock(wanted, wait, kernel);
    }

    @Override
    public int holdWaits() {
        return files.holdWaits();
    }

    @Override
    public void releaseWaits() {
        files.releaseWaits();
    }

    @Override
    public void fsync(final long handle, final boolean dataOnly) throws IOException {
        files.fsync(handle, dataOnly);
    }

    @Override
    public void release(final long handle) throws IOException {
        files.release(handle);
    }

    @Override
    public long opendir(final long node) throws IOException {
        return directories.open(inodes.get(node), view, attributes);
    }

    @Override
    public long readdir(final long handle, final long offset, final DirectorySink sink) throws IOException {
        return directories.get(handle).read(offset, sink);
    }

    @Override
    public void fsyncdir(final long handle, final boolean dataOnly) throws IOException {
        directories.get(handle).fsync(dataOnly);
    }

    @Override
    public void releasedir(final long handle) throws IOException {
        directories.release(handle);
    }

    @Override
    public Rstatfs statfs(final long node) throws IOException {
        final Inode inode = inodes.get(node);
        // Only directories: QEMU opens the path for the request, so a FIFO would answer ENXIO, and a symbolic link
        // ELOOP.
        final boolean canBeAsked = inode.isDirectory() && inode.removed().isEmpty();
        final FilePaths.Attempt<Rstatfs> request =
                () -> view.paths().use(canBeAsked ? inode : inodes.root(), fid -> session.statfs(fid)
                        .await());
        return inode == inodes.root() ? common.statistics.get(request, last -> last) : request.run();
    }

    @Override
    public int xattrSize(final long node, final ByteString name) throws IOException {
        return xattrs.size(inodes.get(node), name);
    }

    @Override
    public byte[] getxattr(final long node, final ByteString name, final int room) throws IOException {
        return localXattrs.get(inodes.get(node), name, room);
    }

    @Override
    public int xattrListSize(final long node) throws IOException {
        return xattrs.listSize(inodes.get(node));
    }

    @Override
    public byte[] listxattr(final long node, final int room) throws IOException {
        return xattrs.list(inodes.get(node), room);
    }

    @Override
    public void setxattr(
            final Caller caller, final long node, final ByteString name, final ByteBuffer value, final int flags)
            throws IOException {
        localXattrs.set(caller, inodes.get(node), name, value, flags);
    }

    @Override
    public void removexattr(final Caller caller, final long node, final ByteString name) throws IOException {
        localXattrs.remove(caller, inodes.get(node), name);
    }

    @Override
    public void access(final Caller caller, final long node, final int mask) throws IOException {
        if (!Access.isAllowed(caller, getattr(node), mask)) {
            throw new ErrnoException(Errno.EACCES, "the mode bits do not allow it");
        }
    }

    @Override
    public CacheMode cache() {
        return view.options().cache();
    }

    @Override
    public Timeouts timeouts() {
        return view.options().timeouts();
    }

    @Override
    public boolean isServerAnswering() {
        return session.isAnswering(LIFE_NANOS);
    }

    @Override
    public void disconnected() {
        session.stopWaiting();
    }

    /**
     * Closes open files and directories if the session is connected, and closes the session. That clunks the remaining
     * fids.
     */
    @Override
    public void close() {
        if (session.status().connected()) {
            final long begin = System.nanoTime();
            // A release waits for the server, unless the server is mute.
            try (WaitCondition.Scope scope =
                    WaitCondition.begin(() -> System.nanoTime() - begin >= LAST_REQUESTS_NANOS)) {
                files.releaseAll();
                directories.releaseAll();
            }
        } else {
            files.reportUnwritten();
        }
        files.close();
        session.close();
        try {
            common.notes.close();
        } catch (final IOException e) {
            LOG.debug("cannot delete the lock file of this mount's notes", e);
        }
    }
}
