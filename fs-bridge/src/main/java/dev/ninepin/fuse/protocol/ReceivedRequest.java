package dev.ninepin.fuse.protocol;

import dev.ninepin.fuse.lib.Native;
import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import java.nio.ByteBuffer;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * The request that a worker is serving: the receive buffer, in which libfuse's callbacks find names and data, and
 * decoders of what their arguments point to. Used by that worker only, or by another thread while the worker waits for
 * that thread.
 */
public final class ReceivedRequest {
    /**
     * The largest write that the kernel sends at once, in bytes; kernels before 4.20 send half of it. Each worker has a
     * buffer of this size.
     */
    public static final int MAX_WRITE = 1 << 20;

    /** The size of a receive buffer in bytes: that of the largest write with its header, for which libfuse reserves a page. */
    public static final int BUFFER_SIZE = MAX_WRITE + 4096;

    /** The offset of {@code writepage} in {@code struct fuse_file_info} of libfuse 2.9; jnr-fuse leaves it out. */
    private static final int WRITEPAGE_OFFSET = 16;

    private static final OpenFlagNumbers OPEN_FLAGS = OpenFlagNumbers.of(System.getProperty("os.arch", ""));

    /** The memory of {@link #buffer}, which lives as long as this object. Most requests use two pages of it. */
    private final Pointer memory = Native.allocateUnset(BUFFER_SIZE);

    private final ByteBuffer buffer = Native.buffer(memory, BUFFER_SIZE);
    private final FuseFileInfo info = FuseFileInfo.of(Native.allocate(Long.BYTES));
    private final FileStat stat = new FileStat(Native.RUNTIME);
    private RequestKind kind = RequestKind.KNOWN;
    private @Nullable ByteString firstName;

    /** Returns the buffer in which requests are received. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** Returns a copy of the request in the buffer. The request must not have been rewritten. */
    public ByteString copy() {
        return ByteString.copyOf(buffer.slice(0, buffer.getInt(0)));
    }

    /** Returns the address of the buffer. */
    public long address() {
        return memory.address();
    }

    /** Begins to decode the request in the buffer. */
    public void begin(final RequestKind itsKind) {
        kind = itsKind;
        firstName = null;
    }

    /** Returns the kind of the request. */
    public RequestKind kind() {
        return kind;
    }

    /** Returns a copy of the name at {@code place}: all bytes before the NUL. */
    public ByteString name(final long place) {
        final int start = offset(place);
        int end = start;
        while (buffer.get(end) != 0) {
            end++;
        }
        final ByteString name = ByteString.copyOf(buffer.slice(start, end - start));
        if (firstName == null) {
            firstName = name;
        }
        return name;
    }

    /** Returns the first name that was read from this request with {@link #name}, or null if none was. */
    @Nullable
    public ByteString firstName() {
        return firstName;
    }

    /** Returns the data at {@code place}, as a slice of the receive buffer. */
    public ByteBuffer data(final long place, final long size) {
        return buffer.slice(offset(place), Math.toIntExact(size));
    }

    private int offset(final long place) {
        return Math.toIntExact(place - memory.address());
    }

    /**
     * Returns the handle in the {@code struct fuse_file_info} at {@code place}, or {@link FileOperations#NO_HANDLE} if
     * {@code place} is 0.
     */
    public long handle(final long place) {
        return place == 0 ? FileOperations.NO_HANDLE : info(place).fh.longValue();
    }

    /** Returns the lock owner in the {@code struct fuse_file_info} at {@code place}. */
    public long lockOwner(final long place) {
        return info(place).lock_owner.longValue();
    }

    /** Returns the open flags in the {@code struct fuse_file_info} at {@code place}, in the numbers of {@link OpenFlags}. */
    public int openFlags(final long place) {
        return OPEN_FLAGS.toProtocol(info(place).flags.intValue());
    }

    private FuseFileInfo info(final long place) {
        info.useMemory(Native.at(place));
        return info;
    }

    /** Returns whether the {@code struct fuse_file_info} at {@code place} marks the write-back of a page. */
    public boolean isWritingPageBack(final long place) {
        return Native.at(place).getInt(WRITEPAGE_OFFSET) != 0;
    }

    /**
     * Returns the attribute change of a SETATTR, from the {@code struct stat} at {@code place}.
     *
     * @param which as in {@link RequestedChange#of}
     */
    public AttributeChange change(final long place, final int which) {
        stat.useMemory(Native.at(place));
        return RequestedChange.of(stat, which, losesSetId());
    }

    /** Returns whether the request must also clear the file's set-ID bits. */
    public boolean losesSetId() {
        return kind == RequestKind.LOSING_SET_ID;
    }
}
