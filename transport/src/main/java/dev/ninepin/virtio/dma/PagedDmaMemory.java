package dev.ninepin.virtio.dma;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** DMA memory made of pages. Each page may be anywhere in physical memory; some happen to follow the previous page. */
final class PagedDmaMemory implements DmaMemory {
    private final ByteBuffer bytes;
    private final int pageSize;
    private final long[] addresses;

    /** For each page, the number of pages up to and including it that do not physically follow their predecessor. */
    private final int[] breaks;

    private final PageAddresses source;

    /** The source of page addresses; in production {@link PageMap}. */
    interface PageAddresses {
        /** Returns the physical address of each page of {@code pageSize} bytes in {@code bytes}, in order. */
        long[] of(ByteBuffer bytes, int pageSize) throws IOException;
    }

    /**
     * @param bytes the memory, in whole pages; direct
     * @param pageSize the size of a page, in bytes
     * @throws IOException if {@code source} cannot determine the addresses
     */
    PagedDmaMemory(final ByteBuffer bytes, final int pageSize, final PageAddresses source) throws IOException {
        this.bytes = bytes.slice(0, bytes.limit()).order(ByteOrder.LITTLE_ENDIAN);
        this.pageSize = pageSize;
        this.source = source;
        this.addresses = source.of(bytes, pageSize);
        this.breaks = new int[addresses.length];
        for (int i = 1; i < addresses.length; i++) {
            breaks[i] = breaks[i - 1] + (addresses[i] == addresses[i - 1] + pageSize ? 0 : 1);
        }
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public List<DmaSegment> segments(final int offset, final int length) {
        Objects.checkFromIndexSize(offset, length, bytes.capacity());
        final List<DmaSegment> segments = new ArrayList<>();
        int at = offset;
        while (at < offset + length) {
            final int first = at / pageSize;
            int page = first;
            while ((page + 1) * pageSize < offset + length && breaks[page + 1] == breaks[first]) {
                page++;
            }
            final int end = Math.min(offset + length, (page + 1) * pageSize);
            segments.add(new DmaSegment(addresses[first] + at % pageSize, end - at));
            at = end;
        }
        return segments;
    }

    @Override
    public int maxSegments(final int length) {
        // A range that starts at the last byte of a page touches this many more pages.
        final int more = Math.min((length - 2 + pageSize) / pageSize, addresses.length - 1);
        int most = 0;
        for (int page = more; page < addresses.length; page++) {
            most = Math.max(most, breaks[page] - breaks[page - more]);
        }
        return most + 1;
    }

    @Override
    public void checkInPlace() throws IOException {
        final long[] now = source.of(bytes, pageSize);
        for (int i = 0; i < now.length; i++) {
            if (now[i] != addresses[i]) {
                throw new IOException("the kernel has moved memory that the device writes to (page " + i + " of "
                        + now.length + ", from 0x" + Long.toHexString(addresses[i]) + " to 0x"
                        + Long.toHexString(now[i]) + "): no more requests are sent");
            }
        }
    }
}
