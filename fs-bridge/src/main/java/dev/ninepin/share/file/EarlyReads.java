package dev.ninepin.share.file;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.share.cache.FilePages;
import dev.ninepin.share.inode.EarlyRead;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.OpenFile;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The first reads of small files, sent before a program asks for them. Any thread may call any method. {@code
 * docs/decisions/0045-one-round-trip-to-open.md} has the rules.
 */
final class EarlyReads {
    /** The page size of the kernel, in bytes. */
    private static final int PAGE = 4096;

    /**
     * The size of the largest file that is read early, in bytes: the kernel's first request for a longer file, which a
     * program reads in small parts, asks for about as much.
     */
    private static final int LARGEST = 4 * PAGE;

    private final Session session;
    private final int most;
    private final long maxAge;

    /** The buffers for replies on their way to the kernel. */
    private final DataBuffers buffers = new DataBuffers();

    /** The files that were read early last, oldest first. */
    @GuardedBy("this")
    private final ArrayDeque<OpenFile> files = new ArrayDeque<>();

    /**
     * @param most how many files may have an early read, at least 1
     * @param maxAgeNanos how old a reply may be when a program reads the file
     */
    EarlyReads(final Session session, final int most, final long maxAgeNanos) {
        this.session = session;
        this.most = most;
        this.maxAge = maxAgeNanos;
    }

    /**
     * Sends the first read of a file that was just opened for reading, if the file is small, the kernel has no pages of
     * it, and a tag is free. Waits for nothing.
     *
     * @param chunk how many bytes one message can carry
     */
    void begin(final OpenFile file, final int chunk) {
        final Inode inode = file.inode();
        final FilePages.Moment moment = inode.pages.moment();
        final Rgetattr seen = inode.attributes();
        if (seen == null
                || seen.size() == 0
                || Long.compareUnsigned(seen.size(), Math.min(LARGEST, chunk)) > 0
                || !file.isForReadingOnly()
                || inode.pages.mayBeCached()
                || inode.pending.any()
                || !makeRoom(file)) {
            return;
        }
        // One page more than the file has, unless that is too much: so the reply also shows where the file ends.
        final int pages = (int) (seen.size() / PAGE) + 1;
        final int count = Math.min(pages * PAGE, chunk);
        file.readEarly(fid -> session.tryRead(fid, 0, count)
                .map(request -> new EarlyRead(inode, seen, moment, count, request))
                .orElse(null));
    }

    /** Adds a file. If there are too many, drops the oldest reply; returns false if that has not arrived yet. */
    private synchronized boolean makeRoom(final OpenFile file) {
        if (files.size() >= most) {
            if (!files.getFirst().dropEarlyReadIfEnded()) {
                return false;
            }
            files.removeFirst();
        }
        files.addLast(file);
        return true;
    }

    /**
     * Returns the reply to the early read of a file, if it is as good as one to a read that is sent now. The caller has
     * called {@link OpenFile#requireChecked}.
     *
     * @throws InterruptedIOException if the thread is interrupted while the reply is under way
     */
    Optional<ReadResult> take(final OpenFile file, final long offset, final int count) throws InterruptedIOException {
        final EarlyRead begun = file.earlyRead();
        if (begun == null || offset != 0) {
            return Optional.empty();
        }
        file.dropEarlyRead(Long.MAX_VALUE);
        final ByteBuffer reply = begun.reply().orElse(null);
        if (reply == null) {
            return Optional.empty();
        }
        final int got = reply.remaining();
        final boolean isWhole = got >= count || (got < begun.count() && !FileData.mayHaveMore(file, 0, got, count));
        return isWhole && begun.isCurrent(maxAge)
                ? Optional.of(toResult(reply.limit(Math.min(got, count))))
                : Optional.empty();
    }

    private ReadResult toResult(final ByteBuffer bytes) {
        final ByteBuffer data = buffers.take(LARGEST + PAGE).put(bytes).flip();
        return new ReadResult() {
            @Override
            public ByteBuffer data() {
                return data;
            }

            @Override
            public void close() {
                buffers.giveBack(data);
            }
        };
    }
}
