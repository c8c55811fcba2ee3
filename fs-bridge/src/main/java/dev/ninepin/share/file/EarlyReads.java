package dev.ninepin.share.file;

import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.cache.FilePages;
import dev.ninepin.share.inode.EarlyRead;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first reads of small files, sent before a program asks for them. Any thread may call any method. {@code
 * docs/decisions/0045-one-round-trip-to-open.md} has the rules.
 */
final class EarlyReads {
    private static final Logger LOG = LoggerFactory.getLogger(EarlyReads.class);

    /** The page size of the kernel, in bytes. */
    private static final int PAGE = 4096;

    private final Session session;
    private final long maxAge;

    /** A permit for each reply that keeps memory of the channel until a program reads or closes the file. */
    private final Semaphore permits;

    /**
     * @param most the maximum number of replies that are kept
     * @param maxAgeNanos how old a reply may be when a program reads the file
     */
    EarlyReads(final Session session, final int most, final long maxAgeNanos) {
        this.session = session;
        this.permits = new Semaphore(most);
        this.maxAge = maxAgeNanos;
    }

    /**
     * Sends the first read of a file that was just opened for reading, if one message can carry the file and the kernel
     * has no pages of it. Does not wait for the reply.
     *
     * @param chunk how many bytes one message can carry
     */
    void begin(final OpenFile file, final int chunk) {
        final Inode inode = file.inode();
        final FilePages.Moment moment = inode.pages.moment();
        final Rgetattr seen = inode.attributes();
        if (seen == null
                || seen.size() == 0
                || seen.size() > chunk
                || !file.isForReadingOnly()
                || inode.pages.mayBeCached()
                || inode.pending.any()
                || !permits.tryAcquire()) {
            return;
        }
        // One page more than the file has, unless that is too much: so the reply also shows where the file ends.
        final int pages = (int) (seen.size() / PAGE) + 1;
        final int count = Math.min(pages * PAGE, chunk);
        file.readEarly(fid -> new EarlyRead(inode, seen, moment, count, session.read(fid, 0, count), permits::release));
    }

    /**
     * Returns the reply to the early read of a file, if it is as good as one to a read that is sent now. The caller has
     * called {@link OpenFile#requireChecked}.
     */
    Optional<ReadResult> take(final OpenFile file, final long offset, final int count) throws IOException {
        final EarlyRead begun = file.takeEarlyRead();
        if (begun == null) {
            return Optional.empty();
        } else if (offset != 0) {
            begun.discard();
            return Optional.empty();
        }
        final ReadReply reply;
        try {
            reply = begun.await();
        } catch (final RemoteException e) {
            LOG.trace("node {} can't be read early", file.inode().node(), e);
            return Optional.empty();
        }
        final int got = reply.data().remaining();
        final boolean isWhole = got >= count || (got < begun.count() && !FileData.mayHaveMore(file, 0, got, count));
        if (isWhole && begun.isCurrent(maxAge)) {
            return Optional.of(toResult(reply, Math.min(got, count), begun));
        }
        reply.close();
        begun.end();
        return Optional.empty();
    }

    private static ReadResult toResult(final ReadReply reply, final int count, final EarlyRead begun) {
        final ByteBuffer data = reply.data().slice(reply.data().position(), count);
        return new ReadResult() {
            @Override
            public ByteBuffer data() {
                return data;
            }

            @Override
            public void close() {
                reply.close();
                begun.end();
            }
        };
    }
}
