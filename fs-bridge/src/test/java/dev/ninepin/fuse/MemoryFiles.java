package dev.ninepin.fuse;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.AttributeChange.TimeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.DirectorySink;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rstatfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import jnr.constants.platform.Errno;

/**
 * A file system in memory, which tests mount instead of a share. It replies at once, but a test can make it fail or
 * block. Thread-safe.
 */
public final class MemoryFiles implements FileOperations {
    private static final int CHUNK = 131072;
    private static final int TYPE = 0170000;
    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;
    private static final int LINK = 0120000;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(CHUNK).asReadOnlyBuffer();

    private final CacheMode cache;
    private final Timeouts timeouts;
    private final Map<Long, Node> nodes = new HashMap<>();
    private final Map<Long, Open> open = new HashMap<>();
    private long lastNode = ROOT;
    private long lastHandle;
    private volatile Interference interference = (operation, node) -> {};

    private volatile boolean disconnected;

    public MemoryFiles(final CacheMode cache) {
        this(cache, Timeouts.of(cache));
    }

    MemoryFiles(final CacheMode cache, final Timeouts timeouts) {
        this.cache = cache;
        this.timeouts = timeouts;
        final Node root = new Node(ROOT, DIRECTORY | 0755, new Caller(0, 0), 0);
        root.nlink = 2;
        nodes.put(ROOT, root);
    }

    /**
     * A hook that is called before every operation, on the operation's thread and without a lock. It may block or fail
     * the operation.
     */
    interface Interference {
        void before(String operation, long node) throws IOException;
    }

    /** A failure with an errno. */
    static final class Failure extends IOException {
        final transient Errno errno;

        Failure(final Errno errno) {
            super(errno.name());
            this.errno = errno;
        }
    }

    static int errnoOf(final Throwable failure) {
        return failure instanceof Failure known ? known.errno.intValue() : Errno.EIO.intValue();
    }

    /** Returns whether the end of the mount was announced. */
    boolean isDisconnected() {
        return disconnected;
    }

    void interfere(final Interference how) {
        interference = how;
    }

    /** Returns the number of handles that the kernel has not released. */
    synchronized int openHandles() {
        return open.size();
    }

    /** Returns the lookup count of a file in the root directory. */
    synchronized long lookups(final String name) throws IOException {
        return child(ROOT, ByteString.of(name)).lookups;
    }

    @Override
    public Entry lookup(final long parent, final ByteString name) throws IOException {
        interference.before("lookup", parent);
        synchronized (this) {
            return entry(child(parent, name));
        }
    }

    @Override
    public List<Optional<Entry>> lookupAll(final long parent, final List<Dirent> names, final long since)
            throws IOException {
        interference.before("lookupAll", parent);
        final List<Optional<Entry>> found = new ArrayList<>();
        synchronized (this) {
            for (final Dirent listed : names) {
                found.add(Optional.ofNullable(node(parent).children.get(listed.name()))
                        .map(this::entry));
            }
        }
        return found;
    }

    @Override
    public synchronized void forget(final long node, final long lookups) {
        nodes.get(node).lookups -= lookups;
    }

    @Override
    public Attributes getattr(final long node) throws IOException {
        interference.before("getattr", node);
        synchronized (this) {
            return node(node).attributes();
        }
    }

    @Override
    public synchronized Attributes setattr(final long number, final AttributeChange change) throws IOException {
        return changed(node(number), change);
    }

    @Override
    public synchronized Attributes setattrOfOpen(final long handle, final AttributeChange change) {
        return changed(open.get(handle).node, change);
    }

    private static Attributes changed(final Node node, final AttributeChange change) {
        change.mode().ifPresent(mode -> node.mode = (node.mode & TYPE) | mode);
        change.uid().ifPresent(uid -> node.owner = new Caller(uid, node.owner.gid()));
        change.gid().ifPresent(gid -> node.owner = new Caller(node.owner.uid(), gid));
        change.size().ifPresent(node::truncate);
        change.atime().ifPresent(time -> node.atime = resolve(time));
        change.mtime().ifPresent(time -> node.mtime = resolve(time));
        return node.attributes();
    }

    private static Timestamp resolve(final TimeChange change) {
        return change.time().orElseGet(MemoryFiles::now);
    }

    private static Timestamp now() {
        final Instant now = Instant.now();
        return new Timestamp(now.getEpochSecond(), now.getNano());
    }

    @Override
    public synchronized ByteString readlink(final long node) throws IOException {
        return node(node).target;
    }

    @Override
    public synchronized Entry mknod(
            final Caller caller, final long parent, final ByteString name, final int mode, final long rdev)
            throws IOException {
        return entry(make(caller, parent, name, mode, rdev));
    }

    @Override
    public synchronized Entry mkdir(final Caller caller, final long parent, final ByteString name, final int mode)
            throws IOException {
        final Node made = make(caller, parent, name, DIRECTORY | mode, 0);
        made.nlink++;
        node(parent).nlink++;
        return entry(made);
    }

    @Override
    public synchronized Entry symlink(
            final Caller caller, final long parent, final ByteString name, final ByteString target) throws IOException {
        final Node made = make(caller, parent, name, LINK | 0777, 0);
        made.target = target;
        made.size = target.length();
        return entry(made);
    }

    @Override
    public synchronized Entry link(final long node, final long newParent, final ByteString newName) throws IOException {
        final Node linked = node(node);
        put(newParent, newName, linked);
        linked.nlink++;
        return entry(linked);
    }

    @Override
    public void unlink(final long parent, final ByteString name) throws IOException {
        interference.before("unlink", parent);
        synchronized (this) {
            child(parent, name).nlink--;
            node(parent).children.remove(name);
        }
    }

    @Override
    public synchronized void rmdir(final long parent, final ByteString name) throws IOException {
        if (!child(parent, name).children.isEmpty()) {
            throw new Failure(Errno.ENOTEMPTY);
        }
        node(parent).children.remove(name);
        node(parent).nlink--;
    }

    @Override
    public synchronized void rename(
            final long parent, final ByteString name, final long newParent, final ByteString newName)
            throws IOException {
        final Node moved = child(parent, name);
        node(parent).children.remove(name);
        final Node replaced = node(newParent).children.put(newName, moved);
        if (replaced != null) {
            replaced.nlink--;
        }
    }

    @Override
    public synchronized void renameWithoutReplacing(
            final long parent, final ByteString name, final long newParent, final ByteString newName)
            throws IOException {
        if (node(newParent).children.containsKey(newName)) {
            throw new Failure(Errno.EEXIST);
        }
        rename(parent, name, newParent, newName);
    }

    @Override
    public long open(final long node, final int flags, final KernelCache kernel) throws IOException {
        interference.before("open", node);
        if (cache != CacheMode.LOOSE) {
            kernel.dropData(node);
        }
        synchronized (this) {
            return handle(node(node), flags, List.of());
        }
    }

    @Override
    public void flush(final long handle, final long owner) {}

    @Override
    public boolean takesLocks() {
        return false;
    }

    @Override
    public Optional<FileLock> lockInTheWay(final FileLock wanted) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void lock(final FileLock wanted, final boolean wait, final KernelCache kernel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void flock(final FileLock wanted, final boolean wait, final KernelCache kernel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public synchronized Created create(
            final Caller caller,
            final long parent,
            final ByteString name,
            final int flags,
            final int mode,
            final KernelCache kernel)
            throws IOException {
        final Node made = make(caller, parent, name, REGULAR | (mode & ~TYPE), 0);
        return new Created(entry(made), handle(made, flags, List.of()));
    }

    @Override
    public synchronized Created createUnnamed(
            final Caller caller, final long directory, final int flags, final int mode) {
        lastNode++;
        final Node made = new Node(lastNode, REGULAR | (mode & ~TYPE), caller, 0);
        made.nlink = 0;
        nodes.put(lastNode, made);
        return new Created(entry(made), handle(made, flags, List.of()));
    }

    @Override
    public ReadResult read(final long handle, final long offset, final int count) throws IOException {
        final Node node;
        synchronized (this) {
            node = open.get(handle).node;
        }
        interference.before("read", node.number);
        synchronized (this) {
            final ByteBuffer data = node.read(offset, count);
            return new ReadResult() {
                @Override
                public ByteBuffer data() {
                    return data;
                }

                @Override
                public void close() {}
            };
        }
    }

    @Override
    public synchronized int write(final long handle, final long offset, final ByteBuffer data, final int flags)
            throws IOException {
        final Open file = open.get(handle);
        final boolean append = (flags & OpenFlags.APPEND) != 0;
        return file.node.write(append ? file.node.size : offset, data);
    }

    @Override
    public void fsync(final long handle, final boolean dataOnly) throws IOException {
        interference.before("fsync", 0);
    }

    @Override
    public synchronized void release(final long handle) {
        open.remove(handle);
    }

    @Override
    public synchronized long opendir(final long node) throws IOException {
        final Node directory = node(node);
        final List<Dirent> entries = new ArrayList<>();
        addTo(entries, ByteString.of("."), directory);
        addTo(entries, ByteString.of(".."), directory);
        directory.children.forEach((name, child) -> addTo(entries, name, child));
        return handle(directory, 0, entries);
    }

    /**
     * Adds an entry. Its cookie is as servers choose it: far from the other entries' cookies and far larger than 32
     * bits.
     */
    private static void addTo(final List<Dirent> entries, final ByteString name, final Node node) {
        final long cookie = ((entries.size() + 1L) << 44) | 0x5a5a5a5aL;
        entries.add(new Dirent(new Qid(Qid.FILE, 0, node.number), cookie, (node.mode & TYPE) >> 12, name));
    }

    @Override
    public long readdir(final long handle, final long offset, final DirectorySink sink) throws IOException {
        final long since = System.nanoTime();
        final List<Dirent> entries;
        synchronized (this) {
            entries = open.get(handle).entries;
        }
        for (int i = (int) (offset >> 44); i < entries.size(); i++) {
            if (!sink.offer(entries.get(i))) {
                return since;
            }
        }
        return since;
    }

    @Override
    public void fsyncdir(final long handle, final boolean dataOnly) {}

    @Override
    public synchronized void releasedir(final long handle) {
        open.remove(handle);
    }

    @Override
    public Rstatfs statfs(final long node) {
        return new Rstatfs(0x01021997, 4096, 1L << 33, 1L << 32, 1L << 31, 1000, 900, 7, 255);
    }

    @Override
    public int xattrSize(final long node, final ByteString name) throws IOException {
        return getxattr(node, name, Integer.MAX_VALUE).length;
    }

    @Override
    public byte[] getxattr(final long node, final ByteString name, final int room) throws IOException {
        interference.before("getxattr", node);
        synchronized (this) {
            return node(node).xattrs.get(name, room);
        }
    }

    @Override
    public int xattrListSize(final long node) throws IOException {
        return listxattr(node, Integer.MAX_VALUE).length;
    }

    @Override
    public synchronized byte[] listxattr(final long node, final int room) throws IOException {
        return node(node).xattrs.list(room);
    }

    @Override
    public synchronized void setxattr(
            final Caller caller, final long node, final ByteString name, final ByteBuffer value, final int flags)
            throws IOException {
        node(node).xattrs.set(name, value, flags);
    }

    @Override
    public synchronized void removexattr(final Caller caller, final long node, final ByteString name)
            throws IOException {
        node(node).xattrs.remove(name);
    }

    @Override
    public void access(final Caller caller, final long node, final int mask) throws IOException {
        interference.before("access", node);
    }

    @Override
    public void disconnected() {
        disconnected = true;
    }

    @Override
    public CacheMode cache() {
        return cache;
    }

    @Override
    public Timeouts timeouts() {
        return timeouts;
    }

    /** Changes a file without the kernel's knowledge, as another client would. */
    synchronized void overwrite(final String name, final byte... content) throws IOException {
        final Node node = child(ROOT, ByteString.of(name));
        node.truncate(0);
        node.write(0, ByteBuffer.wrap(content));
    }

    /** Creates a file of {@code size} zero bytes. */
    synchronized void makeFile(final String name, final long size) throws IOException {
        make(new Caller(0, 0), ROOT, ByteString.of(name), REGULAR | 0644, 0).size = size;
    }

    private Node node(final long number) throws Failure {
        final Node node = nodes.get(number);
        if (node == null) {
            throw new Failure(Errno.ESTALE);
        }
        return node;
    }

    private Node child(final long parent, final ByteString name) throws Failure {
        final Node child = node(parent).children.get(name);
        if (child == null) {
            throw new Failure(Errno.ENOENT);
        }
        return child;
    }

    private Node make(final Caller caller, final long parent, final ByteString name, final int mode, final long rdev)
            throws Failure {
        lastNode++;
        final Node made = new Node(lastNode, (mode & TYPE) == LINK ? mode : mode & ~caller.umask(), caller, rdev);
        put(parent, name, made);
        nodes.put(lastNode, made);
        return made;
    }

    private void put(final long parent, final ByteString name, final Node node) throws Failure {
        if (node(parent).children.putIfAbsent(name, node) != null) {
            throw new Failure(Errno.EEXIST);
        }
    }

    private long handle(final Node node, final int flags, final List<Dirent> entries) {
        lastHandle++;
        open.put(lastHandle, new Open(node, flags, entries));
        return lastHandle;
    }

    private Entry entry(final Node node) {
        node.lookups++;
        return new Entry(node.number, node.attributes());
    }

    private record Open(Node node, int flags, List<Dirent> entries) {}

    private static final class Node {
        private final long number;
        private final long rdev;
        private final Map<ByteString, Node> children = new TreeMap<>();
        private final MemoryXattrs xattrs = new MemoryXattrs();
        private final TreeMap<Long, ByteBuffer> chunks = new TreeMap<>();
        private int mode;
        private Caller owner;
        private long nlink = 1;
        private long lookups;
        private long size;
        private ByteString target = ByteString.EMPTY;
        private Timestamp atime = now();
        private Timestamp mtime = atime;

        Node(final long number, final int mode, final Caller owner, final long rdev) {
            this.number = number;
            this.mode = mode;
            this.owner = owner;
            this.rdev = rdev;
        }

        Attributes attributes() {
            return new Attributes(
                    number,
                    mode,
                    owner.uid(),
                    owner.gid(),
                    nlink,
                    rdev,
                    size,
                    4096,
                    (size + 511) / 512,
                    atime,
                    mtime,
                    mtime,
                    false);
        }

        /** Returns a slice of the data if it lies in one chunk, else a copy. */
        ByteBuffer read(final long offset, final int count) {
            final int length = (int) Math.max(0, Math.min(count, size - offset));
            final int within = (int) (offset % CHUNK);
            if (within + length <= CHUNK) {
                return chunks.getOrDefault(offset / CHUNK, ZEROS).slice(within, length);
            }
            final ByteBuffer copy = ByteBuffer.allocateDirect(length);
            while (copy.hasRemaining()) {
                final long at = offset + copy.position();
                final int start = (int) (at % CHUNK);
                copy.put(
                        chunks.getOrDefault(at / CHUNK, ZEROS).slice(start, Math.min(copy.remaining(), CHUNK - start)));
            }
            return copy.flip();
        }

        int write(final long offset, final ByteBuffer data) {
            final int count = data.remaining();
            long at = offset;
            while (data.hasRemaining()) {
                final int start = (int) (at % CHUNK);
                final int length = Math.min(data.remaining(), CHUNK - start);
                chunks.computeIfAbsent(at / CHUNK, ignored -> ByteBuffer.allocateDirect(CHUNK))
                        .slice(start, length)
                        .put(data.slice(data.position(), length));
                data.position(data.position() + length);
                at += length;
            }
            size = Math.max(size, at);
            mtime = now();
            return count;
        }

        void truncate(final long newSize) {
            chunks.tailMap((newSize + CHUNK - 1) / CHUNK).clear();
            final ByteBuffer last = chunks.get(newSize / CHUNK);
            if (last != null) {
                for (int i = (int) (newSize % CHUNK); i < CHUNK; i++) {
                    last.put(i, (byte) 0);
                }
            }
            size = newSize;
            mtime = now();
        }
    }
}
