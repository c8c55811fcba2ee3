package dev.ninepin.share.inode;

import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FilePages;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;

/**
 * A read from the start of an open file that was sent before a program asked for it. Any thread may call any method, but
 * the reply belongs to the thread that takes this object from the {@link OpenFile}.
 */
public final class EarlyRead {
    private final Inode inode;
    private final Rgetattr seen;
    private final FilePages.Moment moment;
    private final long begunNanos;
    private final int count;
    private final Call<ReadReply> request;
    private final Runnable afterwards;

    /**
     * @param seen the file's attributes from before the request
     * @param moment the state of the file's pages from before the request
     * @param count the number of bytes requested
     * @param afterwards run once the reply's memory is returned
     */
    public EarlyRead(
            final Inode inode,
            final Rgetattr seen,
            final FilePages.Moment moment,
            final int count,
            final Call<ReadReply> request,
            final Runnable afterwards) {
        this.inode = inode;
        this.seen = seen;
        this.moment = moment;
        this.begunNanos = request.begunNanos();
        this.count = count;
        this.request = request;
        this.afterwards = afterwards;
    }

    /** Returns how many bytes were requested: fewer bytes in the reply mean the end of the file. */
    public int count() {
        return count;
    }

    /**
     * Returns whether the reply is as good as one to a request that is sent now: nothing is known to have changed the
     * file since, its pages were not dropped, and the reply is not older than {@code maxAgeNanos}.
     */
    public boolean isCurrent(final long maxAgeNanos) {
        final Rgetattr now = inode.attributes();
        return System.nanoTime() - begunNanos < maxAgeNanos
                && moment.equals(inode.pages.moment())
                && now != null
                && CachedData.isSameVersion(seen, now);
    }

    /** Waits for the reply. The caller closes it, and then calls {@link #end}. */
    public ReadReply await() throws IOException {
        try {
            return request.await();
        } catch (final IOException e) {
            end();
            throw e;
        }
    }

    /** Records that the memory of the reply was returned. */
    public void end() {
        afterwards.run();
    }

    /** Blocks until the request has ended, at most for {@code patienceNanos} and for the session's timeout. */
    void awaitEnd(final long patienceNanos) throws InterruptedIOException {
        if (!request.awaitEnd(patienceNanos)) {
            request.giveUpIfOverdue();
        }
    }

    /** Returns the reply's memory, now or when the reply arrives. Does not wait. */
    public void discard() {
        final CompletableFuture<?> unused = request.future().whenComplete((reply, failure) -> {
            if (reply != null) {
                reply.close();
            }
            afterwards.run();
        });
    }
}
