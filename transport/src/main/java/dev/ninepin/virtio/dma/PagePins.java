package dev.ninepin.virtio.dma;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A set of pinned pages, which the kernel does not move.
 *
 * <p>Locked memory stays in RAM, but the kernel may migrate its pages, for compaction or to another NUMA node. The
 * kernel does not migrate a page that has another reference. So each page is put into a pipe that nothing reads
 * (vmsplice(2)); the pipe refers to the page until it is closed.
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
     * Pins each page of {@code pageSize} bytes in {@code bytes}, until this object is closed.
     *
     * @param bytes shared memory whose pages are already allocated; a write to private memory could replace a page
     * @param pageSize the size of a page, in bytes
     */
    static PagePins pin(final ByteBuffer bytes, final int pageSize) throws IOException {
        final Runtime runtime = Runtime.getSystemRuntime();
        final Pointer ends = Memory.allocateDirect(runtime, 2 * Integer.BYTES);
        if (LibC.get().pipe2(ends, Descriptor.CLOSE_ON_EXEC) != 0) {
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
        // One pipe slot for each page. The requested pipe size counts one base page for each slot.
        final long size = (long) pages * LibC.get().getpagesize();
        if (LibC.get().fcntl(writeEnd.number(), SET_PIPE_SIZE, size) < 0) {
            throw Descriptor.failure("the pipe of pinned pages: " + pages + " slots");
        }
        final Pointer vector = Memory.allocateDirect(Runtime.getSystemRuntime(), VECTOR_SIZE);
        for (int page = 0; page < pages; page++) {
            // One byte pins the whole page, even a whole hugepage.
            vector.putAddress(0, start + (long) page * pageSize);
            vector.putLong(Long.BYTES, 1);
            if (LibC.get().vmsplice(writeEnd.number(), vector, 1, 0) != 1) {
                throw Descriptor.failure("pinning page " + page);
            }
        }
    }

    /**
     * Returns a path under which the pipe can be opened again, until {@link #close}. A process that opens the path pins
     * the pages too.
     */
    String path() {
        return "/proc/self/fd/" + writeEnd.number();
    }

    @Override
    public void close() {
        writeEnd.close();
        readEnd.close();
    }
}
