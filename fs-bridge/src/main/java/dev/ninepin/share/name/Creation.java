package dev.ninepin.share.name;

import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;

/**
 * The creation of everything but open files: directories, device nodes, symbolic links, hard links. Any thread may call
 * any method; a call blocks until the server has answered.
 */
public final class Creation {
    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final NameLookup lookup;
    private final NewFiles files;

    public Creation(
            final UserView view, final AttributeReader attributes, final NameLookup lookup, final NewFiles files) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.attributes = attributes;
        this.lookup = lookup;
        this.files = files;
    }

    /** Creates a directory. ENAMETOOLONG if the path would be too long for a server to remove files below it. */
    public Entry mkdir(final Caller caller, final Inode directory, final ByteString name, final int mode)
            throws IOException {
        paths.requireRoom(directory, name, 0);
        final int inherited = attributes.lastSeen(directory).mode() & NewFiles.S_ISGID;
        final NewFiles.Plan plan = files.plan(caller, directory, name, mode | inherited);
        final Inode.Asked asked = attributes.beginRequest(Optional.empty());
        final Qid made = paths.lostChanges()
                .create(
                        directory,
                        name,
                        "mkdir",
                        () -> paths.create(directory, name, at -> session.mkdir(at, name, plan.mode(), plan.group())
                                .await()
                                .qid()));
        return made(plan, made, 0, asked);
    }

    /** Creates a regular file, device node, FIFO or socket. */
    public Entry mknod(
            final Caller caller, final Inode directory, final ByteString name, final int mode, final long rdev)
            throws IOException {
        final NewFiles.Plan plan = files.plan(caller, directory, name, mode);
        final Inode.Asked asked = attributes.beginRequest(Optional.empty());
        Qid made;
        try {
            made = paths.lostChanges()
                    .create(
                            directory,
                            name,
                            "mknod",
                            () -> paths.create(directory, name, at -> session.mknod(
                                            at,
                                            name,
                                            plan.mode(),
                                            DeviceNumber.major(rdev),
                                            DeviceNumber.minor(rdev),
                                            plan.group())
                                    .await()
                                    .qid()));
        } catch (final RemoteException e) {
            if (e.errno() != Errno.EINVAL || !FileMode.isRegularFile(mode)) {
                throw e;
            }
            made = makeFile(plan);
        }
        return made(plan, made, 0, asked);
    }

    /** Creates a regular file with Tlcreate, for a server whose Tmknod creates none, such as nfs-ganesha. */
    private Qid makeFile(final NewFiles.Plan plan) throws IOException {
        files.requireAbsentWhereUnchecked(plan.directory(), plan.name());
        return paths.createOverCopy(
                plan.directory(),
                plan.name(),
                fid -> {
                    final Qid made = session.lcreate(
                                    fid, plan.name(), OpenFlags.WRONLY | OpenFlags.EXCL, plan.mode(), plan.group())
                            .await()
                            .qid();
                    fids.clunk(fid);
                    return made;
                },
                Function.identity());
    }

    /** Creates a symbolic link. */
    public Entry symlink(final Caller caller, final Inode directory, final ByteString name, final ByteString target)
            throws IOException {
        final NewFiles.Plan plan = files.planSymlink(caller, directory, name);
        files.requireAbsentWhereUnchecked(directory, name);
        final Inode.Asked asked = attributes.beginRequest(Optional.empty());
        final Qid made = paths.lostChanges()
                .create(
                        directory,
                        name,
                        "symlink",
                        () -> paths.create(directory, name, at -> session.symlink(at, name, target, plan.group())
                                .await()
                                .qid()));
        return made(plan, made, target.length(), asked);
    }

    /** Creates a hard link to a file, after its pending writes are answered. */
    public Entry link(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        inode.pending.await();
        makeLink(inode, directory, name);
        return lookup.entry(inode, attributes::read);
    }

    /** Creates a hard link to a file, and increments the inode's lookup count. */
    void makeLink(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        paths.lostChanges()
                .link(
                        inode,
                        directory,
                        name,
                        () -> paths.link(inode, directory, name, (file, at) -> session.link(at, file, name)
                                .await()));
        inodes.recordLink(directory, name, inode);
    }

    /**
     * Completes a file that was just created and returns its entry. Walks to the file first, unless its attributes are
     * predictable.
     *
     * @param made the qid of the new file; another file may have the name by now
     * @param size the size of the new file in bytes
     * @param asked from before the file was created
     */
    private Entry made(final NewFiles.Plan plan, final Qid made, final long size, final Inode.Asked asked)
            throws IOException {
        final Inode directory = plan.directory();
        final ByteString name = plan.name();
        if (files.isPredictable(plan, made)) {
            final Inode found = inodes.recordCreated(directory, name, made, files.identify(plan, made));
            return files.completePredicted(plan, found, made, size, asked, () -> {});
        }
        final FidTable.Walked walked = paths.walk(directory, name);
        final Inode inode;
        if (FileId.of(made).equals(FileId.of(walked.qid()))) {
            inode = inodes.recordCreated(directory, name, walked, files.identify(plan, made));
        } else {
            fids.clunk(walked.fid());
            final Entry found = lookup.lookup(directory, name);
            if (!session.isGanesha()) {
                // Another file has the name by now. Its owner must not change, and it must not be removed.
                return found;
            }
            // nfs-ganesha's replies to Tmknod and Tsymlink do not identify the new file.
            inode = inodes.get(found.node());
        }
        return files.complete(plan, inode, attributes::read, () -> {});
    }
}
