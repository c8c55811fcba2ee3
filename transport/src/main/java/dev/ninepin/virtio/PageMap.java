package dev.ninepin.virtio;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Where pages of this process are in physical memory: {@code /proc/self/pagemap}, a 64-bit entry for each page of the
 * system's base size. Source: Linux, Documentation/admin-guide/mm/pagemap.rst.
 */
final class PageMap {
    private static final long PRESENT = 1L << 63;
    private static final long FRAME_MASK = (1L << 55) - 1;

    private PageMap() {}

    /** As {@link PagedDmaMemory.PageAddresses#of}. */
    static long[] addresses(final ByteBuffer bytes, final int pageSize) throws IOException {
        final int basePage = LibC.INSTANCE.getpagesize();
        final long start = Pointer.wrap(Runtime.getSystemRuntime(), bytes).address();
        final int pages = bytes.capacity() / pageSize;
        final long[] addresses = new long[pages];
        try (RandomAccessFile map = new RandomAccessFile("/proc/self/pagemap", "r")) {
            final int stride = pageSize / basePage;
            // Small pages in one read: all of them are asked for again now and then.
            final int entriesAtOnce = stride == 1 ? pages : 1;
            final byte[] entries = new byte[entriesAtOnce * Long.BYTES];
            for (int page = 0; page < pages; page += entriesAtOnce) {
                map.seek((start / basePage + (long) page * stride) * Long.BYTES);
                map.readFully(entries);
                final ByteBuffer read = ByteBuffer.wrap(entries).order(ByteOrder.nativeOrder());
                for (int i = 0; i < entriesAtOnce; i++) {
                    addresses[page + i] = address(read.getLong(), basePage);
                }
            }
        }
        return addresses;
    }

    private static long address(final long entry, final int basePage) throws IOException {
        final long frame = entry & FRAME_MASK;
        if ((entry & PRESENT) == 0) {
            throw new IOException(
                    "the kernel has put memory aside that the device writes to: nothing is sent any more");
        }
        if (frame == 0) {
            throw new IOException("the kernel does not tell where memory is: that needs root (CAP_SYS_ADMIN)");
        }
        return frame * basePage;
    }
}
