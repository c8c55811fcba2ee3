package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.os.LibC;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Makes the kernel drop pages of the bytes that a program writes, if they are older than the write, before the write is
 * answered. The description of the package {@code dev.ninepin.share.cache} shows how pages become older than a write.
 * Any thread.
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
 *   <li>If dropping takes long, the write is answered in the meantime, so that the kernel unlocks the page.
 * </ol>
 */
final class OvertakenWrites {
    /**
     * How long dropping may take before the write is answered. Much longer than dropping an unlocked page takes, and
     * short enough for a program to wait.
     */
    private static final long MOST_MILLIS = 1000;

    private final LibFuse fuse;
    private final long channel;
    private final KernelPages pages;
    private final Timer timer;
    private final int pageSize = LibC.get().getpagesize();

    OvertakenWrites(final LibFuse fuse, final long channel, final KernelPages pages, final Timer timer) {
        this.fuse = fuse;
        this.channel = channel;
        this.pages = pages;
        this.timer = timer;
    }

    /**
     * Drops older pages of the written bytes. Runs {@code answer} on the timer's thread if this takes longer than
     * {@link #MOST_MILLIS}. When this method returns or throws, {@code answer} has finished or will never run.
     *
     * @param beingRead whether the kernel waits for the reply to a read of these bytes; that read holds the pages'
     *     locks, so all pages are dropped without a look
     * @return whether all pages were dropped without running {@code answer}
     */
    boolean drop(
            final long node,
            final long offset,
            final ByteBuffer written,
            final boolean beingRead,
            final Runnable answer) {
        final Once first = new Once();
        final Timer.Cancellable late = timer.schedule(MOST_MILLIS, () -> first.run(answer));
        final boolean inTime;
        try {
            if (beingRead) {
                drop(node, offset, offset + written.remaining());
            } else {
                dropOlder(node, offset, written);
            }
        } finally {
            late.cancel();
            inTime = first.run(() -> {});
        }
        return inTime;
    }

    private void dropOlder(final long node, final long offset, final ByteBuffer written) {
        final long end = offset + written.remaining();
        long at = offset;
        while (at < end) {
            final long page = at - at % pageSize;
            final Optional<ByteBuffer> look = pages.retrieve(node, page, (int) (end - page), MOST_MILLIS);
            if (look.isEmpty()) {
                drop(node, at, end);
                return;
            }
            final ByteBuffer seen = look.get();
            // A page that the kernel does not have is skipped.
            long seenPage = page;
            do {
                final long start = Math.max(seenPage, offset);
                final long next = Math.min(seenPage + pageSize, end);
                if (seen.hasRemaining() && !isSame(seen, page, written, offset, start, next)) {
                    drop(node, start, next);
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

    private void drop(final long node, final long start, final long end) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, start, end - start);
    }

    /** A guard that runs only the first action submitted. Later submitters block until that action has finished. */
    private static final class Once {
        @GuardedBy("this")
        private boolean over;

        synchronized boolean run(final Runnable work) {
            final boolean first = !over;
            over = true;
            if (first) {
                work.run();
            }
            return first;
        }
    }
}
