package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.KnownName;
import dev.ninepin.os.LibC;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The notifications that Ninepin sends to the kernel: all of them concern the kernel's caches. An error is ignored,
 * because the kernel may have dropped its cache of a node by itself. Structs and numbers are those of the kernel's
 * {@code include/uapi/linux/fuse.h}. Any thread may call any method.
 */
final class Notifications implements KernelCache {
    private static final int NOTIFY_RETRIEVE = 5;

    /** How long the kernel may take to answer a NOTIFY_RETRIEVE. */
    private static final long RETRIEVE_MILLIS = 1000;

    /** The offset for {@link LibFuse#fuse_lowlevel_notify_inval_inode} that drops attributes, but no pages. */
    private static final int ATTRIBUTES_ONLY = -1;

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
    private final int pageSize = LibC.get().getpagesize();
    private final AtomicLong lastRetrieval = new AtomicLong();

    /** The retrievals that the kernel has not answered, by number. */
    private final Map<Long, CompletableFuture<ByteBuffer>> awaited = new ConcurrentHashMap<>();

    Notifications(final LibFuse fuse, final long channel) {
        this.fuse = fuse;
        this.channel = channel;
    }

    @Override
    public int pageSize() {
        return pageSize;
    }

    @Override
    public void dropData(final long node) {
        dropPages(node, 0, 0);
    }

    @Override
    public void dropPages(final long node, final long offset, final long size) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, offset, size);
    }

    /** Makes the kernel drop its attributes of a node, so that it asks for them again before it uses them. */
    void dropAttributes(final long node) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, ATTRIBUTES_ONLY, 0);
    }

    /** Makes the kernel drop a name. Blocks as {@link LibFuse#fuse_lowlevel_notify_inval_entry} does. */
    void dropName(final KnownName known) {
        final byte[] name = known.name().toBytes();
        fuse.fuse_lowlevel_notify_inval_entry(
                channel, known.parent(), Arrays.copyOf(name, name.length + 1), name.length);
    }

    /** Sends FUSE_NOTIFY_RETRIEVE. The kernel answers it with a request ({@link #completeRetrieval}). */
    @Override
    public Optional<ByteBuffer> retrievePages(final long node, final long offset, final int size) {
        final long number = lastRetrieval.incrementAndGet();
        final CompletableFuture<ByteBuffer> pages = new CompletableFuture<>();
        awaited.put(number, pages);
        try {
            final ByteBuffer message = ByteBuffer.allocate(OUT_SIZE).order(ByteOrder.nativeOrder());
            message.putInt(OUT_SIZE).putInt(NOTIFY_RETRIEVE).putLong(0);
            message.putLong(number).putLong(node).putLong(offset).putInt(size).putInt(0);
            return Native.send(fuse, channel, message.array()) == 0
                    ? Optional.of(pages.get(RETRIEVE_MILLIS, TimeUnit.MILLISECONDS))
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
        final CompletableFuture<ByteBuffer> pages = awaited.get(request.getLong(IN_UNIQUE));
        if (pages != null) {
            final byte[] bytes = new byte[request.getInt(IN_SIZE)];
            request.get(IN_DATA, bytes);
            pages.complete(ByteBuffer.wrap(bytes));
        }
    }
}
