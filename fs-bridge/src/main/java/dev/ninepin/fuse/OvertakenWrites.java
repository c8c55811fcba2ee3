package dev.ninepin.fuse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Has the kernel drop what it has of bytes that a program writes, before the write is answered, if that is older than the
 * write. Any thread.
 *
 * <p>To drop a page is to wait for its lock. And the kernel holds the lock of the last page itself until it has the answer,
 * if only a part of that is written and the rest is not known ({@code fs/fuse/file.c}, fuse_fill_write_pages). So the pages
 * are looked at first: one that has what was written is as new as this, or the one that is held. Where a look can't tell,
 * the page is dropped all the same, and the answer given if that takes long.
 */
final class OvertakenWrites {
    /** Much longer than to drop a page takes that nobody holds, and short enough for a program to wait. */
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
     * Runs {@code answer} on another thread if the pages are not dropped soon. When this returns, or throws, it has been run
     * or never will be.
     *
     * @param beingRead whether the kernel waits for a reply to a read of these bytes: then it holds the lock for that
     * @return whether all was done without the answer
     */
    boolean drop(
            final long node,
            final long offset,
            final ByteBuffer written,
            final boolean beingRead,
            final Runnable answer) {
        final Once first = new Once();
        final Timer.Cancellable late = timer.after(MOST_MILLIS, () -> first.run(answer));
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
            final Optional<ByteBuffer> look = pages.look(node, page, (int) (end - page), MOST_MILLIS);
            if (look.isEmpty()) {
                drop(node, at, end);
                return;
            }
            final ByteBuffer seen = look.get();
            // A page that is not there is skipped.
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

    /** Of the bytes from {@code start} to {@code end}. A file that the write has made longer ends before, for the kernel. */
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

    /** Lets one of several do what it is there for, whoever comes first; the others wait for it. */
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
