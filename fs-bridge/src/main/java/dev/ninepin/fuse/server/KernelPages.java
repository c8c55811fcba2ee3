package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.RequestKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A reader of the pages that the kernel has cached of a file, for {@link OvertakenWrites}. It does not wait for the
 * pages' locks: it sends FUSE_NOTIFY_RETRIEVE, which the kernel answers with a request. Structs and numbers are those
 * of the kernel's {@code include/uapi/linux/fuse.h}. Any thread.
 */
final class KernelPages {
    private static final int NOTIFY_RETRIEVE = 5;

    // struct fuse_out_header: len[4] error[4] unique[8], with the notification's code in place of the error; then
    // struct fuse_notify_retrieve_out: notify_unique[8] nodeid[8] offset[8] size[4] padding[4].
    private static final int OUT_SIZE = 16 + 32;

    // The answer has notify_unique where other requests have their own unique. After the header come struct
    // fuse_notify_retrieve_in: dummy1[8] offset[8] size[4] dummy2[4] dummy3[8] dummy4[8], and the bytes.
    private static final int IN_UNIQUE = 8;
    private static final int IN_SIZE = RequestKind.HEADER + 16;
    private static final int IN_DATA = RequestKind.HEADER + 40;

    private final LibFuse fuse;
    private final long channel;
    private final AtomicLong lastLook = new AtomicLong();
    private final Map<Long, CompletableFuture<ByteBuffer>> awaited = new ConcurrentHashMap<>();

    KernelPages(final LibFuse fuse, final long channel) {
        this.fuse = fuse;
        this.channel = channel;
    }

    /**
     * Returns the bytes that the kernel has cached, up to the first page that it lacks or to the file's end as the
     * kernel knows it. A page that the kernel is reading, or is writing only partly, counts as lacking; kernels before
     * 2026 returned its incomplete contents. Blocks until the kernel answers.
     *
     * @param offset the offset of the first byte in the file
     * @param size the number of bytes
     * @param millis the most milliseconds to wait
     * @return the bytes, or empty if the kernel does not answer in time or rejects the request, or the thread is
     *     interrupted
     */
    Optional<ByteBuffer> retrieve(final long node, final long offset, final int size, final long millis) {
        final long number = lastLook.incrementAndGet();
        final CompletableFuture<ByteBuffer> seen = new CompletableFuture<>();
        awaited.put(number, seen);
        try {
            final ByteBuffer message = ByteBuffer.allocate(OUT_SIZE).order(ByteOrder.nativeOrder());
            message.putInt(OUT_SIZE).putInt(NOTIFY_RETRIEVE).putLong(0);
            message.putLong(number).putLong(node).putLong(offset).putInt(size).putInt(0);
            return Native.send(fuse, channel, message.array()) == 0
                    ? Optional.of(seen.get(millis, TimeUnit.MILLISECONDS))
                    : Optional.empty();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (final ExecutionException | TimeoutException e) {
            return Optional.empty();
        } finally {
            awaited.remove(number);
        }
    }

    /** Passes the kernel's answer, at the start of {@code request}, to the thread that waits for it. */
    void completeRetrieval(final ByteBuffer request) {
        final CompletableFuture<ByteBuffer> seen = awaited.get(request.getLong(IN_UNIQUE));
        if (seen != null) {
            final byte[] bytes = new byte[request.getInt(IN_SIZE)];
            request.get(IN_DATA, bytes);
            seen.complete(ByteBuffer.wrap(bytes));
        }
    }
}
