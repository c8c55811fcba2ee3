package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.mount.FuseArguments;
import dev.ninepin.fuse.protocol.DirentBuffer;
import dev.ninepin.fuse.protocol.DirentPlusBuffer;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * A thread that receives requests from the kernel and serves them one at a time; libfuse's callbacks run on it. Holds
 * the receive buffer, in which the callbacks find names and data, and the native structs and buffers of replies.
 *
 * <p>Only the worker's own thread calls its methods, unless the worker waits for another thread that does.
 */
final class Worker extends Thread {
    /** The most data of a directory read in bytes: enough for any directory read that the kernel sends. */
    private static final int MAX_DIRECTORY_DATA = FuseArguments.MAX_TRANSFER;

    private static final int FIRST_REPLY_DATA = 4096;

    /** The offset of {@code writepage} in {@code struct fuse_file_info} of libfuse 2.9; jnr-fuse leaves it out. */
    private static final int WRITEPAGE_OFFSET = 16;

    final RequestSlot slot;
    final Reply reply;

    private final Workers workers;
    private final ByteBuffer request;
    private final long requestAddress;
    private final FuseFileInfo info = FuseFileInfo.of(Native.allocate(Long.BYTES));
    private final FileStat stat = new FileStat(Native.RUNTIME);
    private @Nullable ByteString firstName;
    private ByteBuffer replyData = ByteBuffer.allocateDirect(FIRST_REPLY_DATA);
    private RequestKind kind = RequestKind.KNOWN;

    Worker(final int number, final Workers workers, final LibFuse fuse, final CacheMode cache, final int requestSize) {
        super("ninepin-fuse-" + number);
        setDaemon(true);
        this.workers = workers;
        slot = new RequestSlot(number, this);
        reply = new Reply(fuse, cache);
        request = ByteBuffer.allocateDirect(requestSize).order(ByteOrder.nativeOrder());
        requestAddress = Pointer.wrap(Native.RUNTIME, request).address();
    }

    /** Returns the worker of the current thread. Must be called on a worker's thread, that is, in a callback. */
    static Worker current() {
        return (Worker) Thread.currentThread();
    }

    @Override
    public void run() {
        workers.serve(this);
    }

    /** Starts the reply to {@code newRequest}. */
    void begin(final long newRequest) {
        firstName = null;
        reply.begin(newRequest);
    }

    /** Returns the buffer in which requests are received. */
    ByteBuffer request() {
        return request;
    }

    /** Sets the kind of the request that is about to be served. */
    void setKind(final RequestKind ofRequest) {
        kind = ofRequest;
    }

    /** Returns the kind of the request that is being served. */
    RequestKind kind() {
        return kind;
    }

    /** Returns a copy of the name at {@code address} in the request: all bytes before the NUL. */
    ByteString name(final long address) {
        final int start = offset(address);
        int end = start;
        while (request.get(end) != 0) {
            end++;
        }
        final ByteString name = ByteString.copyOf(request.slice(start, end - start));
        if (firstName == null) {
            firstName = name;
        }
        return name;
    }

    /** Returns the first name that was read from this request with {@link #name}, or null if none was. */
    @Nullable
    ByteString firstName() {
        return firstName;
    }

    /** Returns the data at {@code address} in the request, as a slice of the receive buffer. */
    ByteBuffer data(final long address, final long size) {
        return request.slice(offset(address), Math.toIntExact(size));
    }

    private int offset(final long address) {
        return Math.toIntExact(address - requestAddress);
    }

    /**
     * Returns the handle in the {@code struct fuse_file_info} at {@code address}, or {@link FileOperations#NO_HANDLE}
     * if {@code address} is 0.
     */
    long handle(final long address) {
        return address == 0 ? FileOperations.NO_HANDLE : info(address).fh.longValue();
    }

    /** Returns the lock owner in the {@code struct fuse_file_info} at {@code address}. */
    long lockOwner(final long address) {
        return info(address).lock_owner.longValue();
    }

    /** Returns the {@code struct fuse_file_info} at {@code address}; valid until the next call. */
    FuseFileInfo info(final long address) {
        info.useMemory(Native.at(address));
        return info;
    }

    /** Returns whether the {@code struct fuse_file_info} at {@code address} marks the write-back of a page. */
    boolean isWritingPageBack(final long address) {
        return Native.at(address).getInt(WRITEPAGE_OFFSET) != 0;
    }

    /** Returns the {@code struct stat} at {@code address}; valid until the next call. */
    FileStat stat(final long address) {
        stat.useMemory(Native.at(address));
        return stat;
    }

    /** Returns a buffer for {@code size} bytes of directory entries; valid until the next call. */
    DirentBuffer direntBuffer(final long size) {
        return new DirentBuffer(directoryData(size));
    }

    /**
     * Returns a buffer for {@code size} bytes of directory entries with lookup results; valid until the next call.
     *
     * @param most the most entries in the buffer
     */
    DirentPlusBuffer direntPlusBuffer(final long size, final int most) {
        return new DirentPlusBuffer(directoryData(size), most);
    }

    /** Returns a copy of {@code bytes} in a direct buffer; valid until the next call. */
    ByteBuffer copyToDirectBuffer(final byte[] bytes) {
        return room(bytes.length).put(bytes).flip();
    }

    private ByteBuffer directoryData(final long size) {
        return room((int) Math.min(size, MAX_DIRECTORY_DATA));
    }

    private ByteBuffer room(final int size) {
        if (replyData.capacity() < size) {
            replyData = ByteBuffer.allocateDirect(size);
        }
        return replyData.clear().limit(size);
    }
}
