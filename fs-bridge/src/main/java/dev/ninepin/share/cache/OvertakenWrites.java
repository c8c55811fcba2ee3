package dev.ninepin.share.cache;

import dev.ninepin.operations.KernelCache;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Makes the kernel drop pages of the bytes that a program has written, if they are older than the write. The description
 * of this package shows how pages become older than a write. Any thread.
 *
 * <p>Dropping a page waits for the page's lock, and the kernel itself may hold the lock of a write's last page until
 * the write is answered. It does so if the write covers only a part of the page and the rest is not cached ({@code
 * fs/fuse/file.c}, fuse_fill_write_pages). To avoid this deadlock:
 *
 * <ol>
 *   <li>The pages are looked at first, which takes no lock.
 *   <li>A page with the written bytes is as new as the write, or is the locked page. It stays.
 *   <li>Any other page is dropped.
 *   <li>If a look fails, the pages are dropped without it.
 *   <li>If dropping takes long, the write is answered in the meantime, so that the kernel unlocks the page ({@link
 *       dev.ninepin.operations.WriteReply}).
 * </ol>
 */
final class OvertakenWrites {
    private OvertakenWrites() {}

    /**
     * Drops older pages of the written bytes.
     *
     * @param offset the offset of {@code written} in the file
     */
    static void dropOlder(final KernelCache kernel, final long node, final long offset, final ByteBuffer written) {
        final int pageSize = kernel.pageSize();
        final long end = offset + written.remaining();
        long at = offset;
        while (at < end) {
            final long page = at - at % pageSize;
            final Optional<ByteBuffer> look = kernel.retrievePages(node, page, (int) (end - page));
            if (look.isEmpty()) {
                kernel.dropPages(node, at, end - at);
                return;
            }
            final ByteBuffer seen = look.get();
            // A page that the kernel does not have is skipped.
            long seenPage = page;
            do {
                final long start = Math.max(seenPage, offset);
                final long next = Math.min(seenPage + pageSize, end);
                if (seen.hasRemaining() && !isSame(seen, page, written, offset, start, next)) {
                    kernel.dropPages(node, start, next - start);
                }
                seenPage += pageSize;
            } while (seenPage < page + seen.remaining());
            at = seenPage;
        }
    }

    /**
     * Returns whether the kernel's pages and the write have the same bytes from {@code start} to {@code end}. Returns
     * false if the kernel's file ends before {@code end}, because the write has made the file longer.
     */
    private static boolean isSame(
            final ByteBuffer seen,
            final long seenFrom,
            final ByteBuffer written,
            final long writtenFrom,
            final long start,
            final long end) {
        final int length = (int) (end - start);
        return end <= seenFrom + seen.remaining()
                && seen.slice((int) (start - seenFrom), length)
                        .equals(written.slice((int) (start - writtenFrom), length));
    }
}
