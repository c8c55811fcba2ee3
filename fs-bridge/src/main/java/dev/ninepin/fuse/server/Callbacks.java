package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.DirentBuffer;
import dev.ninepin.fuse.protocol.DirentPlusBuffer;
import dev.ninepin.fuse.protocol.OpenFlagNumbers;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.fuse.protocol.RequestedChange;
import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KnownName;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.exchange.OperationRecorder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToIntFunction;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * The callbacks that libfuse calls. Each translates its arguments into a call of {@link FileOperations}, and the result
 * into the reply. The callbacks run on {@link Worker} threads.
 *
 * <p>Every callback except the forgets and the interrupt runs through {@link #serve}. That method guarantees exactly
 * one reply for each request, and throws nothing into native code. The object must stay reachable for as long as the
 * session lives, because native code calls into it.
 */
public final class Callbacks {
    private static final int CAPABLE = 20;
    private static final int WANTED = 24;

    /** FUSE_CAP_DONT_MASK: each request carries the umask, and the file system applies it instead of the kernel. */
    private static final int DONT_MASK = 1 << 6;

    // Offsets in struct fuse_ctx: uid[4] gid[4] pid[4] umask[4].
    private static final int PID = 8;
    private static final int UMASK = 12;

    /**
     * The most entries in the first READDIRPLUS reply for a directory. The kernel always starts with READDIRPLUS,
     * before it can know whether the program needs more than names. It goes on with READDIRPLUS only if the program
     * does. A program that needs only names would wait for lookups that it never uses.
     */
    private static final int FIRST_ENTRIES = 64;

    static final String LOOKUP = "lookup";

    private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);

    public final Readiness readiness = new Readiness();
    public final OperationRecorder recorder = new OperationRecorder();
    public final LongAdder bytesRead = new LongAdder();
    public final LongAdder bytesWritten = new LongAdder();

    private final LibFuse fuse;
    private final FileOperations files;
    private final Failures failures;
    private final OpenFlagNumbers flags = OpenFlagNumbers.of(System.getProperty("os.arch", ""));
    private final LowLevelOps ops = new LowLevelOps();
    private final Pointer opsMemory = Native.allocate(ops);
    private final XattrCallbacks xattrs;
    private final LockCallbacks locks;
    private final LowLevelOps.Interrupt interrupt = this::interrupt;
    private final long interruptFunction = Native.RUNTIME
            .getClosureManager()
            .getClosurePointer(LowLevelOps.Interrupt.class, interrupt)
            .address();

    /** Set by {@link #setWorkers} before the first callback. */
    private @Nullable Workers workers;

    /** @param errnoOf translates an exception of {@code files} into an errno */
    public Callbacks(final LibFuse fuse, final FileOperations files, final ToIntFunction<Throwable> errnoOf) {
        this.fuse = fuse;
        this.files = files;
        this.failures = new Failures(files, errnoOf);
        this.xattrs = new XattrCallbacks(this::forCaller, this::serve, this::caller, this::dropAttributes);
        this.locks = new LockCallbacks(files, this::serve, this::dropData);
        fillTable();
    }

    private void fillTable() {
        ops.init.set(this::init);
        ops.lookup.set(this::lookup);
        ops.forget.set(this::forget);
        ops.forgetMulti.set(this::forgetMulti);
        ops.getattr.set(this::getattr);
        ops.setattr.set(this::setattr);
        ops.readlink.set(this::readlink);
        ops.mknod.set(this::mknod);
        ops.mkdir.set(this::mkdir);
        ops.unlink.set(this::unlink);
        ops.rmdir.set(this::rmdir);
        ops.symlink.set(this::symlink);
        ops.rename.set(this::rename);
        ops.link.set(this::link);
        ops.open.set(this::open);
        ops.create.set(this::create);
        ops.read.set(this::read);
        ops.write.set(this::write);
        ops.flush.set(this::flush);
        ops.release.set(this::release);
        ops.fsync.set(this::fsync);
        ops.opendir.set(this::opendir);
        ops.readdir.set(this::readdir);
        ops.releasedir.set(this::releasedir);
        ops.fsyncdir.set(this::fsyncdir);
        ops.statfs.set(this::statfs);
        xattrs.fill(ops);
        if (files.takesLocks()) {
            // Without these callbacks, the kernel handles locks locally.
            locks.fill(ops);
        }
        ops.access.set(this::access);
    }

    /** Returns the callback table for {@link LibFuse#fuse_lowlevel_new}; {@link #tableSize} is its size in bytes. */
    public Pointer table() {
        return opsMemory;
    }

    public int tableSize() {
        return Struct.size(ops);
    }

    /** Sets the workers that serve the requests. Must be called before the first request. */
    public void setWorkers(final Workers theirs) {
        workers = theirs;
    }

    /** Returns the names that the kernel should be asked to forget, as in {@link FileOperations#surplus}. */
    List<KnownName> surplus() {
        return files.surplus();
    }

    /**
     * Requests {@link #DONT_MASK} if the kernel supports it. In libfuse 2.9's {@code struct fuse_conn_info}, {@code
     * capable} comes directly before {@code want}.
     */
    private void init(final long userData, final long connection) {
        final Pointer terms = Native.at(connection);
        terms.putInt(WANTED, terms.getInt(WANTED) | (terms.getInt(CAPABLE) & DONT_MASK));
        readiness.initialised();
    }

    private void lookup(final long request, final long parent, final long name) {
        serve(LOOKUP, request, parent, worker -> {
            final ByteString wanted = worker.name(name);
            try {
                replyWithEntry(worker, forCaller(request).lookup(parent, wanted));
            } catch (final IOException e) {
                if (!failures.isRefusal(e)) {
                    throw e;
                }
                replyWithCachedEntry(
                        worker, files.knownDirectory(parent, wanted).orElseThrow(() -> e));
            }
        });
    }

    /**
     * Replies with a directory's cached entry, valid for this lookup only, after the server denied the lookup to this
     * user.
     *
     * <p>An error reply would remove the dentry for all users ({@code fs/fuse/dir.c}, fuse_dentry_revalidate). A
     * program that works in the directory would lose its path, and the kernel would unmount everything mounted on or
     * below it. With the cached entry, the user finds the directory, but the server still denies the operation that
     * follows.
     */
    private void replyWithCachedEntry(final Worker worker, final Entry known) throws IOException {
        give(() -> worker.reply.entryForNow(known), () -> files.forget(known.node(), 1));
    }

    private void forget(final long request, final long node, final long lookups) {
        serveUnanswered(request, () -> files.forget(node, lookups));
    }

    private void forgetMulti(final long request, final long count, final long array) {
        serveUnanswered(request, () -> {
            final Pointer pairs = Native.at(array);
            for (long i = 0; i < count; i++) {
                final long pair = i * 2 * Long.BYTES;
                files.forget(pairs.getLong(pair), pairs.getLong(pair + Long.BYTES));
            }
        });
    }

    private void getattr(final long request, final long node, final long info) {
        serve("getattr", request, node, worker -> {
            if (node == FileOperations.ROOT) {
                worker.reply.attributes(rootAttributes());
            } else if (info != 0 && isCheckedBeforeRead()) {
                // The kernel passes a descriptor only if it needs the attributes for a read.
                worker.reply.attributesToRead(
                        files.forOpener(worker.handle(info)).getattrToRead(node, this::dropData));
            } else {
                worker.reply.attributes(attributes(request, node));
            }
        });
    }

    /**
     * Returns the attributes of a node, also if the user may not look them up but the file is open. The kernel does not
     * tell stat(2) from fstat(2), and fstat(2) must work for any process that has a descriptor.
     */
    private Attributes attributes(final long request, final long node) throws IOException {
        try {
            return forCaller(request).getattr(node);
        } catch (final IOException e) {
            if (!failures.isRefusal(e)) {
                throw e;
            }
            return attributesOfOpen(node).orElseThrow(() -> e);
        }
    }

    /** Returns the attributes of an open file, or empty if the file has been closed in the meantime. */
    private Optional<Attributes> attributesOfOpen(final long node) {
        try {
            return files.attributesOfOpen(node);
        } catch (final IOException e) {
            LOG.trace("node {} is not open any more", node, e);
            return Optional.empty();
        }
    }

    /**
     * Returns the root's attributes, without checking the user: mountpoint(1), umount(8) and a listing of the parent
     * directory need them. The first result completes {@link #readiness}, which {@code FuseMount.mount} waits for.
     */
    private Attributes rootAttributes() throws IOException {
        try {
            final Attributes attributes = files.getattr(FileOperations.ROOT);
            readiness.recordRootAttributes();
            return attributes;
        } catch (final IOException | RuntimeException e) {
            readiness.rootFailed(e);
            throw e;
        }
    }

    private void setattr(final long request, final long node, final long stat, final int which, final long info) {
        serve("setattr", request, node, worker -> {
            final Attributes changed;
            if (which == 0) {
                changed = forOpenerOrCaller(request, worker, info).changeNothing(callerWithGroups(request), node);
            } else {
                final AttributeChange change = RequestedChange.of(worker.stat(stat), which, mustClearSetId(worker));
                changed = info == 0 ? forCaller(request).setattr(node, change) : setattrOfOpen(worker, info, change);
            }
            worker.reply.attributes(changed);
        });
    }

    private Attributes setattrOfOpen(final Worker worker, final long info, final AttributeChange change)
            throws IOException {
        final long handle = worker.info(info).fh.get();
        return files.forOpener(handle).setattrOfOpen(handle, change);
    }

    private void readlink(final long request, final long node) {
        serve(
                "readlink",
                request,
                node,
                worker -> worker.reply.target(forCaller(request).readlink(node)));
    }

    private void mknod(final long request, final long parent, final long name, final int mode, final long rdev) {
        serve(
                "mknod",
                request,
                parent,
                worker -> replyWithEntry(
                        worker, forCaller(request).mknod(caller(request), parent, worker.name(name), mode, rdev)));
    }

    private void mkdir(final long request, final long parent, final long name, final int mode) {
        serve(
                "mkdir",
                request,
                parent,
                worker -> replyWithEntry(
                        worker, forCaller(request).mkdir(caller(request), parent, worker.name(name), mode)));
    }

    private void symlink(final long request, final long target, final long parent, final long name) {
        serve(
                "symlink",
                request,
                parent,
                worker -> replyWithEntry(
                        worker,
                        forCaller(request).symlink(caller(request), parent, worker.name(name), worker.name(target))));
    }

    private void link(final long request, final long node, final long newParent, final long newName) {
        serve(
                "link",
                request,
                node,
                worker -> replyWithEntry(worker, forCaller(request).link(node, newParent, worker.name(newName))));
    }

    private void unlink(final long request, final long parent, final long name) {
        serve("unlink", request, parent, worker -> {
            forCaller(request).unlink(parent, worker.name(name));
            worker.reply.done();
        });
    }

    private void rmdir(final long request, final long parent, final long name) {
        serve("rmdir", request, parent, worker -> {
            forCaller(request).rmdir(parent, worker.name(name));
            worker.reply.done();
        });
    }

    private void rename(
            final long request, final long parent, final long name, final long newParent, final long newName) {
        serve("rename", request, parent, worker -> {
            switch (worker.kind()) {
                case RENAME_WITHOUT_REPLACING ->
                    forCaller(request)
                            .renameWithoutReplacing(parent, worker.name(name), newParent, worker.name(newName));
                case RENAME_OTHERWISE -> {
                    // 9P has no way to exchange two names, or to leave a whiteout.
                    worker.reply.error(Errno.EINVAL);
                    return;
                }
                default -> forCaller(request).rename(parent, worker.name(name), newParent, worker.name(newName));
            }
            worker.reply.done();
        });
    }

    private void open(final long request, final long node, final long info) {
        serve("open", request, node, worker -> {
            final int openFlags = protocolFlags(worker.info(info));
            final long handle = forCaller(request).open(node, openFlags, this::dropData);
            // A flush tells the file system that a writer has closed its descriptor, and which owner's locks to
            // release.
            final boolean flush = files.takesLocks() || OpenFlags.writes(openFlags);
            give(
                    () -> worker.reply.opened(handle, flush, isUncached() || mustReadPastSize(handle)),
                    () -> files.release(handle));
        });
    }

    /**
     * Returns whether read(2) and write(2) must bypass the page cache for every file, so that only memory maps use
     * pages.
     */
    private boolean isUncached() {
        return files.cache() == CacheMode.NONE && canMapUncached();
    }

    /**
     * Returns whether reads must bypass the page cache because only the server knows where the file ends. The file must
     * be open only for reading and have the size 0. If the kernel cannot map files that bypass the page cache, the file
     * must also turn out to have contents.
     */
    private boolean mustReadPastSize(final long handle) throws IOException {
        return files.isShownEmpty(handle) && (canMapUncached() || files.hidesContents(handle));
    }

    /**
     * Returns whether the kernel caches data that no read(2) may use. The kernel then asks for the attributes before
     * each read, and the reply makes it drop its pages.
     */
    private boolean isCheckedBeforeRead() {
        return files.cache() == CacheMode.NONE && !canMapUncached();
    }

    private boolean canMapUncached() {
        return workers != null && workers.canMapUncached();
    }

    /**
     * Makes the kernel drop a node's pages and attributes. The attributes include the size, which limits how far the
     * kernel reads.
     */
    private void dropData(final long node) {
        if (workers != null) {
            workers.dropData(node);
        }
    }

    private void dropAttributes(final long node) {
        if (workers != null) {
            workers.dropAttributes(node);
        }
    }

    private void create(final long request, final long parent, final long name, final int mode, final long info) {
        serve("create", request, parent, worker -> {
            final int openFlags = protocolFlags(worker.info(info));
            final Created created = worker.kind() == RequestKind.CREATE_UNNAMED
                    ? forCaller(request).createUnnamed(caller(request), parent, openFlags, mode)
                    : forCaller(request)
                            .create(caller(request), parent, worker.name(name), openFlags, mode, this::dropData);
            give(() -> worker.reply.created(created.entry(), created.handle(), isUncached()), () -> {
                files.release(created.handle());
                files.forget(created.entry().node(), 1);
            });
        });
    }

    private void read(final long request, final long node, final long size, final long offset, final long info) {
        serve("read", request, node, worker -> {
            final long handle = worker.handle(info);
            final int count = Math.toIntExact(size);
            try (ReadResult result = worker.kind() == RequestKind.READ_WITHOUT_PAGES
                    ? files.readWithoutPages(handle, offset, count)
                    : files.read(handle, offset, count)) {
                final ByteBuffer data = result.data();
                bytesRead.add(data.remaining());
                worker.reply.data(data);
            }
        });
    }

    private void write(
            final long request, final long node, final long data, final long size, final long offset, final long info) {
        serve("write", request, node, worker -> {
            final long handle = worker.handle(info);
            if (mustClearSetId(worker)) {
                files.forOpener(handle).loseSetId(handle);
            }
            Runnable answer;
            try {
                final int count = files.write(handle, offset, worker.data(data, size), writeFlags(worker, info));
                bytesWritten.add(count);
                answer = () -> worker.reply.written(count);
            } catch (final IOException e) {
                // The server may have written a part of the data nevertheless.
                answer = () -> fail("write", node, worker, e);
            }
            if (!worker.isWritingPageBack(info)) {
                dropOlder(handle, node, offset, worker.data(data, size), answer);
            }
            if (!worker.reply.isSent()) {
                answer.run();
            }
        });
    }

    /**
     * Makes the kernel drop older pages of the bytes just written. A failure is only logged, because the write itself
     * has succeeded or failed already. {@code answer} sends the reply to the write if the drop takes long.
     */
    private void dropOlder(
            final long handle, final long node, final long offset, final ByteBuffer written, final Runnable answer) {
        final Workers all = workers;
        if (all == null) {
            return;
        }
        try {
            files.written(
                    handle,
                    offset,
                    written.remaining(),
                    beingRead -> all.overtaken.drop(node, offset, written, beingRead, answer));
        } catch (final Throwable e) {
            LOG.warn("cannot drop stale pages of {}", files.pathOf(node), e);
        }
    }

    private static boolean mustClearSetId(final Worker worker) {
        return worker.kind() == RequestKind.LOSING_SET_ID;
    }

    private void flush(final long request, final long node, final long info) {
        serve("flush", request, node, worker -> {
            files.flush(worker.handle(info), worker.lockOwner(info));
            worker.reply.done();
        });
    }

    private void release(final long request, final long node, final long info) {
        serve("release", request, node, worker -> {
            files.release(worker.handle(info));
            worker.reply.done();
        });
    }

    private void fsync(final long request, final long node, final int dataOnly, final long info) {
        serve("fsync", request, node, worker -> {
            files.fsync(worker.handle(info), dataOnly != 0);
            worker.reply.done();
        });
    }

    private void opendir(final long request, final long node, final long info) {
        serve("opendir", request, node, worker -> {
            final long handle = forCaller(request).opendir(node);
            give(() -> worker.reply.opened(handle), () -> files.releasedir(handle));
        });
    }

    private void readdir(final long request, final long node, final long size, final long offset, final long info) {
        if (Worker.current().kind() == RequestKind.READ_DIRECTORY_PLUS) {
            readdirPlus(request, node, size, offset, info);
            return;
        }
        serve("readdir", request, node, worker -> {
            final DirentBuffer entries = worker.direntBuffer(size);
            files.readdir(worker.handle(info), offset, entries);
            if (entries.isTooSmall()) {
                worker.reply.error(Errno.EINVAL);
            } else {
                worker.reply.data(entries.finish());
            }
        });
    }

    private void readdirPlus(final long request, final long node, final long size, final long offset, final long info) {
        serve("readdirplus", request, node, worker -> {
            final DirentPlusBuffer entries =
                    worker.direntPlusBuffer(size, offset == 0 ? FIRST_ENTRIES : Integer.MAX_VALUE);
            files.readdir(worker.handle(info), offset, entries);
            if (entries.isTooSmall()) {
                worker.reply.error(Errno.EINVAL);
                return;
            }
            final List<Optional<Entry>> found = forCaller(request).lookupAll(node, entries.names());
            give(
                    () -> worker.reply.entries(entries, found),
                    () -> found.forEach(each -> each.ifPresent(entry -> files.forget(entry.node(), 1))));
        });
    }

    private void releasedir(final long request, final long node, final long info) {
        serve("releasedir", request, node, worker -> {
            files.releasedir(worker.handle(info));
            worker.reply.done();
        });
    }

    private void fsyncdir(final long request, final long node, final int dataOnly, final long info) {
        serve("fsyncdir", request, node, worker -> {
            files.fsyncdir(worker.handle(info), dataOnly != 0);
            worker.reply.done();
        });
    }

    private void statfs(final long request, final long node) {
        serve(
                "statfs",
                request,
                node,
                worker -> worker.reply.figures(forCaller(request).statfs(node)));
    }

    private void access(final long request, final long node, final int mask) {
        serve("access", request, node, worker -> {
            forCaller(request).access(callerWithGroups(request), node, mask);
            worker.reply.done();
        });
    }

    /**
     * Handles the kernel's INTERRUPT of a request. Runs on the thread that received the INTERRUPT, which is not the
     * thread that serves the request.
     */
    private void interrupt(final long request, final long token) {
        try {
            if (workers != null) {
                workers.interrupt(token, Native.at(fuse.fuse_req_ctx(request)).getInt(PID));
            }
        } catch (final Throwable e) {
            LOG.warn("cannot handle an interrupt", e);
        }
    }

    /** Replies with an entry, and takes back its lookup count if the kernel does not get the reply. */
    private void replyWithEntry(final Worker worker, final Entry entry) throws IOException {
        give(() -> worker.reply.entry(entry), () -> files.forget(entry.node(), 1));
    }

    /** A reply that gives the kernel a node or a handle; returns whether the kernel has accepted it. */
    @FunctionalInterface
    private interface Gift {
        boolean send() throws IOException;
    }

    /** The inverse of a {@link Gift}: it releases a handle or decreases a lookup count. */
    @FunctionalInterface
    private interface TakingBack {
        void run() throws IOException;
    }

    /**
     * Gives the kernel a node or a handle with a reply. Takes it back if the reply cannot be sent, or if the kernel does
     * not accept it because the program no longer waits.
     */
    private static void give(final Gift reply, final TakingBack takeBack) throws IOException {
        boolean taken = false;
        try {
            taken = reply.send();
        } finally {
            if (!taken) {
                takeBack.run();
            }
        }
    }

    /** Returns the file operations with the credentials of the user that sent {@code request}. */
    private FileOperations forCaller(final long request) throws IOException {
        return files.forUser(() -> Native.at(fuse.fuse_req_ctx(request)).getInt(0));
    }

    /**
     * Returns the file operations with the opener's credentials if the kernel passed a descriptor, else with those of
     * the user that sent {@code request}. The kernel passes the descriptor for ftruncate(2). It passes none for
     * fchmod(2), fchown(2) and futimens(3), which only the file's owner may call.
     */
    private FileOperations forOpenerOrCaller(final long request, final Worker worker, final long info)
            throws IOException {
        return info == 0
                ? forCaller(request)
                : files.forOpener(worker.info(info).fh.get());
    }

    /** Returns the caller of a request with its supplementary groups, read from /proc. */
    private Caller callerWithGroups(final long request) {
        final Pointer context = Native.at(fuse.fuse_req_ctx(request));
        return caller(request).with(SupplementaryGroups.of(context.getInt(PID)));
    }

    /** Returns the caller of a request: its user ID, group ID and umask, without supplementary groups. */
    private Caller caller(final long request) {
        final Pointer context = Native.at(fuse.fuse_req_ctx(request));
        return new Caller(context.getInt(0), context.getInt(Integer.BYTES), context.getInt(UMASK));
    }

    private int protocolFlags(final FuseFileInfo info) {
        return flags.toProtocol(info.flags.intValue());
    }

    /**
     * Returns the open flags for a write. APPEND is removed from the write-back of a page: the page has a fixed offset,
     * even if the kernel uses a descriptor that appends.
     */
    private int writeFlags(final Worker worker, final long info) {
        final int now = protocolFlags(worker.info(info));
        return worker.isWritingPageBack(info) ? now & ~OpenFlags.APPEND : now;
    }

    /** A file operation that reads its arguments, runs, and sends the reply. */
    interface Operation {
        void run(Worker worker) throws IOException;
    }

    /** Runs an operation, records its duration, and replies with an errno if it fails. Throws nothing. */
    private void serve(final String name, final long request, final long node, final Operation operation) {
        serve(name, request, node, false, operation);
    }

    /**
     * Runs an operation as {@link #serve(String, long, long, Operation)} does.
     *
     * @param onlyWaits whether the operation can be given up at any time, as in {@link RequestSlot#enter}
     */
    private void serve(
            final String name,
            final long request,
            final long node,
            final boolean onlyWaits,
            final Operation operation) {
        final long begin = System.nanoTime();
        final Worker worker = Worker.current();
        worker.begin(request);
        try {
            fuse.fuse_req_interrupt_func(request, interruptFunction, worker.slot.enter(begin, onlyWaits));
            operation.run(worker);
        } catch (final Throwable e) {
            fail(name, node, worker, e);
        } finally {
            worker.slot.leave();
        }
        recorder.record(name, System.nanoTime() - begin, Failures.isFailure(name, worker.reply.errno()));
    }

    private void fail(final String name, final long node, final Worker worker, final Throwable failure) {
        final int errno = failures.errno(name, node, worker, failure);
        final Reply reply = worker.reply;
        if (reply.isSent()) {
            return;
        }
        if (errno == Errno.ENOENT && name.equals(LOOKUP)) {
            reply.absent(errno);
        } else {
            reply.error(errno);
        }
    }

    private void serveUnanswered(final long request, final Runnable work) {
        try {
            work.run();
        } catch (final Throwable e) {
            LOG.warn("cannot handle a forget", e);
        } finally {
            fuse.fuse_reply_none(request);
        }
    }
}
