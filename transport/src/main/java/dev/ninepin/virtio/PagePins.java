package dev.ninepin.virtio;

import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Keeps pages from being moved. Locked memory stays in memory, but not in its place: the kernel moves it to make room for
 * large pages (compaction), or to another node. It moves no page that something else refers to; so each page is put into
 * a pipe that nobody reads (vmsplice(2)), which refers to it until it is closed.
 */
final class PagePins implements AutoCloseable {
    private static final int SET_PIPE_SIZE = 1031;
    private static final int VECTOR_SIZE = 16;

    private final Descriptor readEnd;
    private final Descriptor writeEnd;

    private PagePins(final Descriptor readEnd, final Descriptor writeEnd) {
        this.readEnd = readEnd;
        this.writeEnd = writeEnd;
    }

    /**
     * Pins each page of {@code pageSize} bytes in {@code bytes}, as long as this is open.
     *
     * @param bytes shared memory that was touched: of private memory, a page that is written to might become another one
     */
    static PagePins of(final ByteBuffer bytes, final int pageSize) throws IOException {
        final Runtime runtime = Runtime.getSystemRuntime();
        final Pointer ends = Memory.allocateDirect(runtime, 2 * Integer.BYTES);
        if (LibC.INSTANCE.pipe2(ends, Descriptor.CLOSE_ON_EXEC) != 0) {
            throw Descriptor.failure("pipe");
        }
        final PagePins pins = new PagePins(
                Descriptor.of(ends.getInt(0), "the pipe of pinned pages"),
                Descriptor.of(ends.getInt(Integer.BYTES), "the pipe of pinned pages"));
        try {
            pins.add(Pointer.wrap(runtime, bytes).address(), bytes.capacity() / pageSize, pageSize);
            return pins;
        } catch (final IOException | RuntimeException e) {
            pins.close();
            throw e;
        }
    }

    private void add(final long start, final int pages, final int pageSize) throws IOException {
        // One slot for each piece, and a slot costs a base page of the size that is asked for.
        if (LibC.INSTANCE.fcntl(writeEnd.number(), SET_PIPE_SIZE, (long) pages * LibC.INSTANCE.getpagesize()) < 0) {
            throw Descriptor.failure("the pipe of pinned pages: " + pages + " slots");
        }
        final Pointer vector = Memory.allocateDirect(Runtime.getSystemRuntime(), VECTOR_SIZE);
        for (int page = 0; page < pages; page++) {
            // A byte pins the whole page, and the whole of a hugepage as well.
            vector.putAddress(0, start + (long) page * pageSize);
            vector.putLong(Long.BYTES, 1);
            if (LibC.INSTANCE.vmsplice(writeEnd.number(), vector, 1, 0) != 1) {
                throw Descriptor.failure("pinning page " + page);
            }
        }
    }

    /** Where the pipe is to be opened once more, until {@link #close}; whoever does so pins the pages, too. */
    String path() {
        return "/proc/self/fd/" + writeEnd.number();
    }

    @Override
    public void close() {
        writeEnd.close();
        readEnd.close();
    }
}
