package dev.ninepin.virtio.dma;

import dev.ninepin.os.LibC;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A reader of the physical addresses of this process's pages: {@code /proc/self/pagemap}, with a 64-bit entry for each
 * page of the system's base size. Source: Linux, Documentation/admin-guide/mm/pagemap.rst.
 */
final class PageMap {
    private static final long PRESENT = 1L << 63;
    private static final long FRAME_MASK = (1L << 55) - 1;

    private PageMap() {}

    /**
     * Returns the physical address of each page, as {@link PagedDmaMemory.PageAddresses#of}.
     *
     * @throws IOException if a page is not in memory, or this process lacks CAP_SYS_ADMIN
     */
    static long[] addresses(final ByteBuffer bytes, final int pageSize) throws IOException {
        final int basePage = LibC.get().getpagesize();
        final long start = Pointer.wrap(Runtime.getSystemRuntime(), bytes).address();
        final int pages = bytes.capacity() / pageSize;
        final long[] addresses = new long[pages];
        try (RandomAccessFile map = new RandomAccessFile("/proc/self/pagemap", "r")) {
            final int stride = pageSize / basePage;
            // All small pages in one read, because the check of their addresses is repeated at intervals.
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
                    "the kernel has paged out memory that the device writes to: no more requests are sent");
        }
        if (frame == 0) {
            throw new IOException(
                    "cannot read physical addresses from /proc/self/pagemap: this requires root (CAP_SYS_ADMIN)");
        }
        return frame * basePage;
    }
}
