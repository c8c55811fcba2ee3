package dev.ninepin.share.inode;

import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FilePages;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The check that a fid which was just opened is on the intended file: a request for the attributes of its path, sent
 * after the open. If they have the version from before the open, the path has led to this file in between. {@link
 * OpenFile} waits for the reply before anything depends on the fid. Any thread may call any method.
 */
public final class OpenCheck {
    private final Inode inode;
    private final Lease lease;
    private final AtomicBoolean isLeased = new AtomicBoolean(true);
    private final Rgetattr before;
    private final long changesBefore;
    private final Call<Rgetattr> request;

    /** Whether the reply may show a change of this mount that began before the end of the open; null until that end. */
    private volatile @Nullable Boolean changedHere;

    /**
     * @param lease the fid of the request; this object closes the lease
     * @param before the attributes from before the open
     * @param changesBefore {@link FilePages#changes} from before these were requested
     * @param request the request, which was sent after the open
     */
    public OpenCheck(
            final Inode inode,
            final Lease lease,
            final Rgetattr before,
            final long changesBefore,
            final Call<Rgetattr> request) {
        this.inode = inode;
        this.lease = lease;
        this.before = before;
        this.changesBefore = changesBefore;
        this.request = request;
    }

    /**
     * Records that the file is among the open ones. Changes on this mount that begin from now on wait for the reply
     * ({@link OpenState#awaitChecks}), so they are no reason for another version. A change that is under way is one.
     */
    public void endOpen() {
        changedHere = !inode.pages.isUnchangedSince(changesBefore);
    }

    /** Returns whether the reply has arrived, or will not. */
    private boolean isAnswered() {
        return request.future().isDone();
    }

    /**
     * Blocks until the reply has arrived, at most for {@code patienceNanos} and for the session's timeout. An interrupt
     * does not give the request up.
     *
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    void await(final long patienceNanos) throws InterruptedIOException {
        if (!request.awaitEnd(patienceNanos)) {
            request.giveUpIfOverdue();
        }
    }

    /** Closes the lease if the reply has arrived or is overdue, and returns whether it did. Does not wait for the reply. */
    public boolean closeLeaseIfEnded() {
        if (!isAnswered()) {
            request.giveUpIfOverdue();
        }
        final boolean hasEnded = isAnswered();
        if (hasEnded) {
            closeLease();
        }
        return hasEnded;
    }

    /** Returns the reply; null if there is none. Does not wait for it. */
    private @Nullable Rgetattr reply() {
        return request.future().handle((reply, failure) -> reply).getNow(null);
    }

    /** Returns whether the reply shows that the fid is on the file. */
    boolean hasSucceeded() {
        final Rgetattr now = reply();
        return now != null && inode.isSameFile(now) && (mayBeChangedHere() || CachedData.isSameVersion(before, now));
    }

    private boolean mayBeChangedHere() {
        final Boolean known = changedHere;
        return known == null ? !inode.pages.isUnchangedSince(changesBefore) : known;
    }

    /**
     * Returns whether the fid is on the file although its path no longer is, since another client has renamed or removed
     * the file. Both change ctime. A server that answers by path shows another file.
     *
     * @param now the attributes over the fid
     */
    boolean isOnFile(final Rgetattr now) {
        return inode.isSameFile(now)
                && (!inode.pages.isUnchangedSince(changesBefore) || hasDataOf(before, now) || isLaterThanCheck(now));
    }

    private static boolean hasDataOf(final Rgetattr one, final Rgetattr other) {
        return one.size() == other.size() && one.mtimeSec() == other.mtimeSec() && one.mtimeNsec() == other.mtimeNsec();
    }

    /**
     * Returns whether the path still led to this file after the open, in another version: another client wrote to it
     * during the open. It may have gone on since.
     */
    private boolean isLaterThanCheck(final Rgetattr now) {
        final Rgetattr then = reply();
        return then != null
                && inode.isSameFile(then)
                && (now.mtimeSec() > then.mtimeSec()
                        || (now.mtimeSec() == then.mtimeSec() && now.mtimeNsec() >= then.mtimeNsec()));
    }

    /** Gives up the path fid. To be called once the reply has arrived, or is no longer waited for. */
    void closeLease() {
        if (isLeased.getAndSet(false)) {
            lease.close();
        }
    }
}
