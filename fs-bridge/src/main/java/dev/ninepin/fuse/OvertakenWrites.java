package dev.ninepin.fuse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Has the kernel drop what it has of bytes that a program writes, before the write is answered, if that may be older than
 * the write. Any thread.
 *
 * <p>To drop a page is to wait for its lock. And the kernel holds the lock of the last page itself until it has the answer,
 * if only a part of that is written and the rest is not known ({@code fs/fuse/file.c}, fuse_fill_write_pages). So that page
 * is looked at first: one that has what was written is as new as this, or the one that is held. Where this can't tell, it
 * is dropped all the same, and the answer given if that takes long.
 */
final class OvertakenWrites {
    /** Much longer than to drop pages takes, and short enough for a program to wait. */
    private static final long MOST_MILLIS = 200;

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
     * Runs {@code answer} on another thread if the pages are not dropped soon. When this returns, it has been run or never
     * will be.
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
        try {
            dropOlder(node, offset, written, beingRead);
        } finally {
            late.cancel();
        }
        return first.run(() -> {});
    }

    private void dropOlder(final long node, final long offset, final ByteBuffer written, final boolean beingRead) {
        final long end = offset + written.remaining();
        final long lastPage = (end - 1) - (end - 1) % pageSize;
        if (beingRead) {
            drop(node, offset, end);
            return;
        }
        if (offset < lastPage && look(node, offset, written.slice(0, (int) (lastPage - offset))) != Seen.SAME) {
            drop(node, offset, lastPage);
        }
        final long start = Math.max(offset, lastPage);
        if (look(node, start, written.slice((int) (start - offset), (int) (end - start))) == Seen.OTHER) {
            drop(node, start, end);
        }
    }

    /** What the kernel has of bytes that were written. */
    private enum Seen {
        /** Not the first page of them. */
        NONE,
        SAME,
        /** Others; or only the first of them, or it did not say. */
        OTHER
    }

    private Seen look(final long node, final long start, final ByteBuffer written) {
        final int before = (int) (start % pageSize);
        final Optional<ByteBuffer> look = pages.look(node, start - before, before + written.remaining(), MOST_MILLIS);
        if (look.isEmpty()) {
            return Seen.OTHER;
        }
        final ByteBuffer seen = look.get();
        if (!seen.hasRemaining()) {
            return Seen.NONE;
        }
        // A file that the write has made longer ends before that, as far as the kernel knows.
        return seen.remaining() == before + written.remaining()
                        && seen.position(before).equals(written)
                ? Seen.SAME
                : Seen.OTHER;
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
