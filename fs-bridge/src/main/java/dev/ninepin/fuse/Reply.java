package dev.ninepin.fuse;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.share.Attributes;
import dev.ninepin.share.CacheMode;
import dev.ninepin.share.Entry;
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
 * The one reply to the request that a worker is serving, and the structs that replies are put together in: those stay
 * for the worker's life. Used by that worker only, or by another thread while the worker waits for that.
 *
 * <p>What hands a node or a handle to the kernel returns whether the kernel took it. If it did not, since nobody waited
 * any more, the caller takes it back.
 */
final class Reply {
    /** Where {@code struct fuse_file_info} of libfuse 2.9 has its bit fields; jnr-fuse leaves them out. */
    private static final int OPEN_BITS = 20;

    private static final int DIRECT_IO = 1;
    private static final int KEEP_CACHE = 1 << 1;

    /** Older kernels than 5.16 don't know it, and flush all the same. */
    private static final int NO_FLUSH = 1 << 5;

    /** The longest target that the kernel has room for: a page, less its NUL. */
    private static final int MAX_TARGET = 4095;

    private static final int ENAMETOOLONG = 36;
    private static final int NANOS = 1_000_000_000;

    /** Nanoseconds that no reply has had before, nor many others. */
    private static final AtomicInteger LAST_NANOS = new AtomicInteger();

    private final LibFuse fuse;
    private final CacheMode cache;
    private final double attributeTimeout;
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

    /** {@code struct fuse_file_lock} of the same: start[8] end[8] type[4] pid[4]. */
    private final ByteBuffer lockOut = ByteBuffer.allocateDirect(3 * Long.BYTES).order(ByteOrder.nativeOrder());

    private final ByteBuffer target = ByteBuffer.allocateDirect(MAX_TARGET);

    private long request;
    private boolean sent = true;
    private int errno;

    Reply(final LibFuse fuse, final CacheMode cache) {
        this.fuse = fuse;
        this.cache = cache;
        attributeTimeout = seconds(cache.attributes());
        absenceTimeout = seconds(cache.absences());
    }

    private static double seconds(final Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /** The next reply is to {@code newRequest}. */
    void begin(final long newRequest) {
        request = newRequest;
        sent = false;
        errno = 0;
    }

    /** Whether the request has had its reply: then it is gone, and there must be no other. */
    boolean isSent() {
        return sent;
    }

    /** The errno that was replied; 0 if it was a success. */
    int errno() {
        return errno;
    }

    /** Success, with nothing to tell. */
    void done() {
        end(fuse.fuse_reply_err(request, 0));
    }

    void error(final int number) {
        errno = number;
        end(fuse.fuse_reply_err(request, number));
    }

    void attributes(final Attributes attributes) {
        fill(stat, attributes);
        end(fuse.fuse_reply_attr(request, statMemory, attributeTimeout));
    }

    /**
     * As {@link #attributes}, before a read(2) that must not get what the kernel has kept: with a time of the last change
     * that it can't know, so that it drops its pages ({@code fs/fuse/inode.c}, fuse_change_attributes). Nobody sees that
     * time, since stat(2) asks again.
     */
    void attributesToRead(final Attributes attributes) {
        fill(stat, attributes);
        final int nanos = LAST_NANOS.updateAndGet(last -> (last + 1) % NANOS);
        stat.st_mtim.tv_nsec.set(nanos == attributes.mtime().nanos() ? NANOS - 1 - nanos : nanos);
        end(fuse.fuse_reply_attr(request, statMemory, attributeTimeout));
    }

    boolean entry(final Entry found) {
        fill(found);
        return end(fuse.fuse_reply_entry(request, entryMemory));
    }

    /** As {@link #entry}; the kernel asks again before it uses the name, or the attributes, another time. */
    boolean entryForNow(final Entry known) {
        fill(known);
        entry.attributeTimeout.set(0);
        entry.entryTimeout.set(0);
        return end(fuse.fuse_reply_entry(request, entryMemory));
    }

    /** There is no such name; {@code number} says so, unless the kernel may remember it. */
    void absent(final int number) {
        errno = number;
        if (absenceTimeout == 0) {
            end(fuse.fuse_reply_err(request, number));
        } else {
            entry.node.set(0);
            entry.entryTimeout.set(absenceTimeout);
            end(fuse.fuse_reply_entry(request, entryMemory));
        }
    }

    /** A directory was opened. */
    boolean opened(final long handle) {
        fill(handle, false);
        return end(fuse.fuse_reply_open(request, infoMemory));
    }

    /**
     * A file was opened. libfuse does not know that flush can be left out, so this is the kernel's own struct.
     *
     * @param flush whether each close(2) is to be told of, with a flush
     * @param uncached whether each read(2) and write(2) over it is a request of its own, and only maps use pages
     */
    boolean opened(final long handle, final boolean flush, final boolean uncached) {
        openOut.clear();
        openOut.putLong(handle)
                .putInt(openFlags(uncached) | (flush ? 0 : NO_FLUSH))
                .putInt(0);
        return end(fuse.fuse_reply_buf(request, openOut.flip(), openOut.limit()));
    }

    /** @param uncached as of {@link #opened(long, boolean, boolean)} */
    boolean created(final Entry made, final long handle, final boolean uncached) {
        fill(made);
        fill(handle, uncached);
        return end(fuse.fuse_reply_create(request, entryMemory, infoMemory));
    }

    /** Entries of a directory, with what was found of each. */
    boolean entries(final DirentPlusBuffer entries, final List<Optional<Entry>> found) {
        final ByteBuffer data = entries.finish(found, cache.attributes());
        return end(fuse.fuse_reply_buf(request, data, data.remaining()));
    }

    /** Bytes of a file or directory, in a direct buffer, from position to limit. */
    void data(final ByteBuffer data) {
        end(fuse.fuse_reply_buf(request, data, data.remaining()));
    }

    /** How many bytes an extended attribute has, or the list of them. */
    void xattrSize(final int size) {
        end(fuse.fuse_reply_xattr(request, size));
    }

    /** A lock on these bytes, of one of fcntl(2)'s types. */
    void lock(final long first, final long last, final int type, final int pid) {
        lockOut.clear();
        lockOut.putLong(first).putLong(last).putInt(type).putInt(pid);
        data(lockOut.flip());
    }

    void written(final int count) {
        end(fuse.fuse_reply_write(request, count));
    }

    void target(final ByteString text) {
        if (text.length() > MAX_TARGET) {
            error(ENAMETOOLONG);
        } else {
            target.clear();
            text.putInto(target);
            data(target.flip());
        }
    }

    void figures(final Rstatfs figures) {
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
        entry.attributeTimeout.set(attributeTimeout);
        entry.entryTimeout.set(attributeTimeout);
    }

    private void fill(final long handle, final boolean uncached) {
        info.fh.set(handle);
        infoMemory.putInt(OPEN_BITS, openFlags(uncached));
    }

    /** What was not to be kept was dropped before. The bits of libfuse's struct are those of the kernel. */
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
