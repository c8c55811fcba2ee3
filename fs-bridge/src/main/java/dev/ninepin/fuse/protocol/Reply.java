package dev.ninepin.fuse.protocol;

import dev.ninepin.fuse.lib.EntryParam;
import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rstatfs;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Pointer;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * The reply to the request that a worker is serving. Holds the native structs that replies are built in, for the
 * worker's whole life. Used by that worker only, or by another thread while the worker waits for that thread.
 *
 * <p>A method that gives a node or a handle to the kernel returns whether the kernel accepted it. If not, because the
 * program no longer waits, the caller must take back the lookup count or release the handle.
 */
public final class Reply {
    /** The offset of the bit fields in {@code struct fuse_file_info} of libfuse 2.9; jnr-fuse leaves them out. */
    private static final int OPEN_BITS = 20;

    private static final int DIRECT_IO = 1;
    private static final int KEEP_CACHE = 1 << 1;

    /** FOPEN_NOFLUSH. Kernels before 5.16 ignore it and send the flush. */
    private static final int NO_FLUSH = 1 << 5;

    /** The longest symbolic link target that the kernel accepts, in bytes: a page without the final NUL. */
    private static final int MAX_TARGET = 4095;

    /** The most data of a directory in one reply, in bytes. The kernel asks for 4 KiB, or for as much as the program. */
    private static final int MAX_DIRECTORY_DATA = 1 << 18;

    private static final int FIRST_ROOM = 4096;
    private static final int ENAMETOOLONG = 36;
    private static final int NANOS = 1_000_000_000;

    /**
     * The nanoseconds of the last modification time made up by {@link #attributesToRead}. The counter makes each time
     * different from those of many replies before it.
     */
    private static final AtomicInteger LAST_NANOS = new AtomicInteger();

    private final LibFuse fuse;
    private final Timeouts timeouts;
    private final double attributeTimeout;
    private final double nameTimeout;
    private final double absenceTimeout;

    private final FileStat stat = new FileStat(Native.RUNTIME);
    private final Pointer statMemory = Native.allocate(stat);
    private final EntryParam entry = new EntryParam();
    private final Pointer entryMemory = Native.allocate(entry);
    private final FuseFileInfo info = FuseFileInfo.of(Native.allocate(Long.BYTES));
    private final Pointer infoMemory = Native.allocate(info);
    private final Statvfs statvfs = new Statvfs(Native.RUNTIME);
    private final Pointer statvfsMemory = Native.allocate(statvfs);
    /** {@code struct fuse_open_out} of the kernel's {@code fuse.h}: fh[8] open_flags[4] padding[4]. */
    private final ByteBuffer openOut = ByteBuffer.allocateDirect(2 * Long.BYTES).order(ByteOrder.nativeOrder());

    /** {@code struct fuse_file_lock} of the kernel's {@code fuse.h}: start[8] end[8] type[4] pid[4]. */
    private final ByteBuffer lockOut = ByteBuffer.allocateDirect(3 * Long.BYTES).order(ByteOrder.nativeOrder());

    private final ByteBuffer target = ByteBuffer.allocateDirect(MAX_TARGET);

    /** The memory for directory entries and extended attributes. */
    private ByteBuffer room = ByteBuffer.allocateDirect(FIRST_ROOM);

    private long request;
    private boolean sent = true;
    private int errno;

    public Reply(final LibFuse fuse, final Timeouts timeouts) {
        this.fuse = fuse;
        this.timeouts = timeouts;
        attributeTimeout = seconds(timeouts.attributes());
        nameTimeout = seconds(timeouts.names());
        absenceTimeout = seconds(timeouts.absences());
    }

    private static double seconds(final Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /** Starts the reply to {@code newRequest}. */
    public void begin(final long newRequest) {
        request = newRequest;
        sent = false;
        errno = 0;
    }

    /**
     * Returns whether the reply has been sent. libfuse has then freed the request, and a second reply is not allowed.
     */
    public boolean isSent() {
        return sent;
    }

    /** Returns the errno in the reply, or 0 for success. */
    public int errno() {
        return errno;
    }

    /** Replies with success and no data. */
    public void done() {
        end(fuse.fuse_reply_err(request, 0));
    }

    /** Replies with an errno. */
    public void error(final int number) {
        errno = number;
        end(fuse.fuse_reply_err(request, number));
    }

    /** Replies with attributes, which the kernel may keep for the attribute timeout unless they are predicted. */
    public void attributes(final Attributes attributes) {
        fill(stat, attributes);
        end(fuse.fuse_reply_attr(request, statMemory, timeout(attributes)));
    }

    private double timeout(final Attributes attributes) {
        return attributes.isPredicted() ? 0 : attributeTimeout;
    }

    /**
     * Replies with attributes before a read(2) that must not use the kernel's pages. The modification time is made up,
     * so that it differs from the time that the kernel knows. The kernel then drops its pages ({@code fs/fuse/inode.c},
     * fuse_change_attributes). No program sees the made-up time, because stat(2) asks again.
     */
    public void attributesToRead(final Attributes attributes) {
        fill(stat, attributes);
        final int nanos = LAST_NANOS.updateAndGet(last -> (last + 1) % NANOS);
        stat.st_mtim.tv_nsec.set(nanos == attributes.mtime().nanos() ? NANOS - 1 - nanos : nanos);
        end(fuse.fuse_reply_attr(request, statMemory, attributeTimeout));
    }

    /**
     * Replies with an entry: the kernel may keep the name for the timeout of names, and the attributes for the attribute
     * timeout unless they are predicted.
     */
    public boolean entry(final Entry found) {
        fill(found);
        return end(fuse.fuse_reply_entry(request, entryMemory));
    }

    /**
     * Replies with an entry that is valid for this lookup only: the kernel asks again before it reuses the name or the
     * attributes.
     */
    public boolean entryForNow(final Entry known) {
        fill(known);
        entry.attributeTimeout.set(0);
        entry.entryTimeout.set(0);
        return end(fuse.fuse_reply_entry(request, entryMemory));
    }

    /**
     * Replies that a name does not exist: with a negative entry if the kernel may keep it, else with the
     * errno {@code number}.
     */
    public void absent(final int number) {
        errno = number;
        if (absenceTimeout == 0) {
            end(fuse.fuse_reply_err(request, number));
        } else {
            entry.node.set(0);
            entry.entryTimeout.set(absenceTimeout);
            end(fuse.fuse_reply_entry(request, entryMemory));
        }
    }

    /** Replies with the handle of an opened directory. */
    public boolean opened(final long handle) {
        fill(handle, false);
        return end(fuse.fuse_reply_open(request, infoMemory));
    }

    /**
     * Replies with the handle of an opened file. Builds the kernel's own struct, because libfuse 2.9 has no bit for
     * FOPEN_NOFLUSH.
     *
     * @param flush whether the kernel must send a flush for each close(2)
     * @param uncached whether each read(2) and write(2) bypasses the page cache and becomes its own request, so that
     *     only memory maps use pages
     */
    public boolean opened(final long handle, final boolean flush, final boolean uncached) {
        openOut.clear();
        openOut.putLong(handle)
                .putInt(openFlags(uncached) | (flush ? 0 : NO_FLUSH))
                .putInt(0);
        return end(fuse.fuse_reply_buf(request, openOut.flip(), openOut.limit()));
    }

    /**
     * Replies with the entry and the handle of a file that was created and opened.
     *
     * @param uncached as in {@link #opened(long, boolean, boolean)}
     */
    public boolean created(final Entry made, final long handle, final boolean uncached) {
        fill(made);
        fill(handle, uncached);
        return end(fuse.fuse_reply_create(request, entryMemory, infoMemory));
    }

    /** Returns a buffer for {@code size} bytes of directory entries, to be sent with {@link #entries(DirentBuffer)}. */
    public DirentBuffer direntBuffer(final long size) {
        return new DirentBuffer(directoryRoom(size));
    }

    /**
     * Returns a buffer for {@code size} bytes of directory entries with lookup results.
     *
     * @param most the most entries in the buffer
     */
    public DirentPlusBuffer direntPlusBuffer(final long size, final int most) {
        return new DirentPlusBuffer(directoryRoom(size), most);
    }

    private ByteBuffer directoryRoom(final long size) {
        return room((int) Math.min(size, MAX_DIRECTORY_DATA));
    }

    private ByteBuffer room(final int size) {
        if (room.capacity() < size) {
            room = ByteBuffer.allocateDirect(size);
        }
        return room.clear().limit(size);
    }

    /** Replies to READDIR with directory entries. */
    public void entries(final DirentBuffer entries) {
        data(entries.finish());
    }

    /** Replies to READDIRPLUS with directory entries and the lookup result of each. */
    public boolean entries(final DirentPlusBuffer entries, final List<Optional<Entry>> found) {
        final ByteBuffer data = entries.finish(found, timeouts);
        return end(fuse.fuse_reply_buf(request, data, data.remaining()));
    }

    /** Replies with the bytes of a file or directory: those of a direct buffer from its position to its limit. */
    public void data(final ByteBuffer data) {
        end(fuse.fuse_reply_buf(request, data, data.remaining()));
    }

    /** Replies with a copy of {@code bytes}. */
    public void data(final byte[] bytes) {
        data(room(bytes.length).put(bytes).flip());
    }

    /** Replies with the size of an extended attribute, or of the attribute list, in bytes. */
    public void xattrSize(final int size) {
        end(fuse.fuse_reply_xattr(request, size));
    }

    /**
     * Replies with a lock on the bytes {@code first} to {@code last}, both inclusive.
     *
     * @param type one of fcntl(2)'s lock types
     */
    public void lock(final long first, final long last, final int type, final int pid) {
        lockOut.clear();
        lockOut.putLong(first).putLong(last).putInt(type).putInt(pid);
        data(lockOut.flip());
    }

    /** Replies with the number of bytes written. */
    public void written(final int count) {
        end(fuse.fuse_reply_write(request, count));
    }

    /** Replies with the target of a symbolic link, or with ENAMETOOLONG if it is longer than {@link #MAX_TARGET}. */
    public void target(final ByteString text) {
        if (text.length() > MAX_TARGET) {
            error(ENAMETOOLONG);
        } else {
            target.clear();
            text.putInto(target);
            data(target.flip());
        }
    }

    /** Replies to statfs(2) with the figures of a file system. */
    public void figures(final Rstatfs figures) {
        statvfs.f_bsize.set(Integer.toUnsignedLong(figures.bsize()));
        statvfs.f_frsize.set(Integer.toUnsignedLong(figures.bsize()));
        statvfs.f_blocks.set(figures.blocks());
        statvfs.f_bfree.set(figures.bfree());
        statvfs.f_bavail.set(figures.bavail());
        statvfs.f_files.set(figures.files());
        statvfs.f_ffree.set(figures.ffree());
        statvfs.f_namemax.set(Integer.toUnsignedLong(figures.namelen()));
        end(fuse.fuse_reply_statfs(request, statvfsMemory));
    }

    private boolean end(final int result) {
        sent = true;
        return result == 0;
    }

    private void fill(final Entry found) {
        entry.node.set(found.node());
        fill(entry.attributes, found.attributes());
        entry.attributeTimeout.set(timeout(found.attributes()));
        entry.entryTimeout.set(nameTimeout);
    }

    private void fill(final long handle, final boolean uncached) {
        info.fh.set(handle);
        infoMemory.putInt(OPEN_BITS, openFlags(uncached));
    }

    /**
     * Returns the kernel's open flags. KEEP_CACHE is always set, because opening has already dropped stale pages. The
     * bits have the same positions in libfuse's struct and in the kernel's.
     */
    private static int openFlags(final boolean uncached) {
        return uncached ? KEEP_CACHE | DIRECT_IO : KEEP_CACHE;
    }

    private static void fill(final FileStat stat, final Attributes attributes) {
        stat.st_ino.set(attributes.ino());
        stat.st_mode.set(attributes.mode());
        stat.st_nlink.set(attributes.nlink());
        stat.st_uid.set(attributes.uid());
        stat.st_gid.set(attributes.gid());
        stat.st_rdev.set(attributes.rdev());
        stat.st_size.set(attributes.size());
        stat.st_blksize.set(attributes.blksize());
        stat.st_blocks.set(attributes.blocks());
        fill(stat.st_atim, attributes.atime().seconds(), attributes.atime().nanos());
        fill(stat.st_mtim, attributes.mtime().seconds(), attributes.mtime().nanos());
        fill(stat.st_ctim, attributes.ctime().seconds(), attributes.ctime().nanos());
    }

    private static void fill(final Timespec time, final long seconds, final long nanos) {
        time.tv_sec.set(seconds);
        time.tv_nsec.set(nanos);
    }
}
