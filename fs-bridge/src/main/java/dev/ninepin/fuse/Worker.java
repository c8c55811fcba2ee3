package dev.ninepin.fuse;

import dev.ninepin.p9.ByteString;
import dev.ninepin.share.CacheMode;
import dev.ninepin.share.FileOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * A thread that takes requests from the kernel and serves them, one at a time: libfuse's callbacks run on it. It holds
 * the buffer that a request is received in, where the callbacks find names and data, and what replies are made of.
 */
final class Worker extends Thread {
    /** Enough for any directory read that the kernel sends, in bytes. */
    private static final int MAX_DIRECTORY_DATA = FuseArguments.MAX_TRANSFER;

    private static final int FIRST_REPLY_DATA = 4096;

    /** Where {@code struct fuse_file_info} of libfuse 2.9 has {@code writepage}; jnr-fuse leaves it out. */
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

    /** The worker that runs this callback. */
    static Worker current() {
        return (Worker) Thread.currentThread();
    }

    @Override
    public void run() {
        workers.serve(this);
    }

    /** The next reply is to {@code newRequest}. */
    void begin(final long newRequest) {
        firstName = null;
        reply.begin(newRequest);
    }

    /** Where requests are received. */
    ByteBuffer request() {
        return request;
    }

    /** The request that is about to be served is of this kind. */
    void kind(final RequestKind ofRequest) {
        kind = ofRequest;
    }

    /** The kind of the request that is being served. */
    RequestKind kind() {
        return kind;
    }

    /** The name at {@code address} in the request: all bytes before the NUL. */
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

    /** The first name of this request that was asked for, if any was. */
    @Nullable
    ByteString firstName() {
        return firstName;
    }

    /** The data at {@code address} in the request. It stays where it is. */
    ByteBuffer data(final long address, final long size) {
        return request.slice(offset(address), Math.toIntExact(size));
    }

    private int offset(final long address) {
        return Math.toIntExact(address - requestAddress);
    }

    /** The handle in the {@code struct fuse_file_info} at {@code address}, if there is one. */
    long handle(final long address) {
        return address == 0 ? FileOperations.NO_HANDLE : info(address).fh.longValue();
    }

    /** The owner of locks in the {@code struct fuse_file_info} at {@code address}. */
    long lockOwner(final long address) {
        return info(address).lock_owner.longValue();
    }

    /** The {@code struct fuse_file_info} at {@code address}; valid until the next call. */
    FuseFileInfo info(final long address) {
        info.useMemory(Native.at(address));
        return info;
    }

    /** Whether the {@code struct fuse_file_info} at {@code address} says that the kernel writes a page back. */
    boolean isWritingPageBack(final long address) {
        return Native.at(address).getInt(WRITEPAGE_OFFSET) != 0;
    }

    /** The {@code struct stat} at {@code address}; valid until the next call. */
    FileStat stat(final long address) {
        stat.useMemory(Native.at(address));
        return stat;
    }

    /** Room for {@code size} bytes of directory entries; valid until the next call. */
    DirentBuffer direntBuffer(final long size) {
        return new DirentBuffer(directoryData(size));
    }

    /** As {@link #direntBuffer}, for entries that come with what a LOOKUP of them answers. */
    DirentPlusBuffer direntPlusBuffer(final long size, final int most) {
        return new DirentPlusBuffer(directoryData(size), most);
    }

    /** These bytes in a direct buffer; valid until the next call. */
    ByteBuffer direct(final byte[] bytes) {
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
