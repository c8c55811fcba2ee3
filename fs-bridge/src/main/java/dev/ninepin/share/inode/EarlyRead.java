package dev.ninepin.share.inode;

import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FilePages;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A read from the start of an open file that was sent before a program asked for it. The reply is a copy on the heap, so
 * it holds no tag and no memory of the channel. Any thread may call any method.
 *
 * @param seen the file's attributes from before the request
 * @param moment the state of the file's pages from before the request
 * @param count the number of bytes requested; fewer bytes in the reply mean the end of the file
 */
public record EarlyRead(Inode inode, Rgetattr seen, FilePages.Moment moment, int count, Call<ByteBuffer> request) {
    /**
     * Returns whether the reply is as good as one to a request that is sent now: nothing is known to have changed the
     * file since, its pages were not dropped, and the reply is not older than {@code maxAgeNanos}.
     */
    public boolean isCurrent(final long maxAgeNanos) {
        final Rgetattr now = inode.attributes();
        return System.nanoTime() - request.begunNanos() < maxAgeNanos
                && moment.equals(inode.pages.moment())
                && now != null
                && CachedData.isSameVersion(seen, now);
    }

    /** Returns whether the request has succeeded or failed. */
    boolean hasEnded() {
        return request.future().isDone();
    }

    /** Blocks until the request has ended, at most for {@code patienceNanos} and for the session's timeout. */
    void awaitEnd(final long patienceNanos) throws InterruptedIOException {
        if (!request.awaitEnd(patienceNanos)) {
            request.giveUpIfOverdue();
        }
    }

    /** Returns the bytes; empty if the request has failed, for whatever reason. */
    public Optional<ByteBuffer> reply() {
        return request.future()
                .handle((bytes, failure) -> Optional.ofNullable(bytes).map(ByteBuffer::duplicate))
                .getNow(Optional.empty());
    }
}
