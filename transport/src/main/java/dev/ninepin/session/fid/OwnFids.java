package dev.ninepin.session.fid;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Bystander;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.PathFid.LiveFid;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fids that their callers own, from the number to the clunk. A number is in use from before the request that makes
 * its fid until the fid is known to be gone. Any thread may call any method. No request is sent under the lock.
 */
final class OwnFids {
    private static final Logger LOG = LoggerFactory.getLogger(OwnFids.class);

    private final FidRequests requests;
    private final FidNumbers numbers = new FidNumbers();

    /** Clunks some unused fids, and returns whether there were any. */
    private volatile BooleanSupplier makeRoom = () -> false;

    /** Fids that must not be clunked yet: they may exist on the server or not, until their requests are finished. */
    @GuardedBy("this")
    private final List<Doubtful> doubtful = new ArrayList<>(0);

    OwnFids(final FidRequests requests) {
        this.requests = requests;
    }

    /** Begins the fids of a new connection, as {@link FidNumbers#beginConnection} does. */
    int beginConnection() {
        return numbers.beginConnection();
    }

    /** Returns the number of the latest connection's first fid. */
    int first() {
        return numbers.first();
    }

    /** Returns whether a fid has ended with its connection. */
    boolean isLost(final int fid) {
        return numbers.isLost(fid);
    }

    /** Returns how many fids the server holds, or may hold. */
    int used() {
        return numbers.used();
    }

    /**
     * Sets the action to run when the server takes no more fids: it clunks some unused ones and returns whether it did.
     */
    void setMakeRoom(final BooleanSupplier action) {
        makeRoom = action;
    }

    /**
     * Takes a number for a fid that the caller will make and then own, and passes to {@link #clunk} or {@link
     * #giveBack}. If the server takes no more fids, blocks while fids are being clunked, at most for the session's
     * timeout.
     *
     * @throws RemoteException with ENFILE if no fid can be clunked
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    int take() throws IOException {
        OptionalInt number = tryTake();
        boolean mayHaveRoom = true;
        while (number.isEmpty() && mayHaveRoom) {
            mayHaveRoom = makeRoom.getAsBoolean();
            clunkDoubtfulFids();
            try (Bystander bystander = requests.receiveForBystander()) {
                number = numbers.take(requests.timeoutNanos());
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for a free fid");
            }
        }
        return number.orElseThrow(() -> new RemoteException("every request for another fid", RemoteException.ENFILE));
    }

    /** Takes a number for a fid that is not urgent. Never blocks, and clunks no other fid to make room. */
    OptionalInt tryTake() {
        clunkDoubtfulFids();
        return numbers.tryTake();
    }

    /** Makes a fid. Tries again with a smaller number if the server rejects the number as too large. */
    <T> T make(final Making<T> request) throws IOException {
        while (true) {
            final int fid = take();
            try {
                final T made = request.make(fid);
                recordAccepted(fid);
                return made;
            } catch (final RemoteException e) {
                if (!learnLimit(fid, e)) {
                    throw e;
                }
            }
        }
    }

    /** A request that makes a fid of the given number; on failure, it gives the number back. */
    @FunctionalInterface
    interface Making<T> {
        T make(int fid) throws IOException;
    }

    /** Notes that the server has made a fid of this number. */
    void recordAccepted(final int fid) {
        numbers.recordAccepted(fid);
    }

    /** Returns whether the server is known to accept a number, so that ERANGE has another cause. */
    boolean isKnownValid(final int fid) {
        return numbers.isKnownValid(fid);
    }

    /** Returns whether the server refused to make a fid because its number is too large. Such numbers are not reused. */
    boolean learnLimit(final int fid, final RemoteException refusal) {
        final boolean isTooLarge = numbers.learnLimit(fid, refusal.errno());
        if (isTooLarge) {
            LOG.debug("the server takes no fid from {} on", fid);
        }
        return isTooLarge;
    }

    /** Gives back the number of a fid that was never made. */
    void giveBack(final int fid) {
        numbers.giveBack(fid);
    }

    /** Clunks a fid that the caller owns, without waiting for the answer. Sends nothing if the fid is lost. */
    void clunk(final int fid) {
        if (numbers.isLost(fid)) {
            numbers.giveBack(fid);
        } else {
            final CompletableFuture<?> unused = clunked(requests.clunk(fid), fid);
        }
    }

    /** Clunks a path fid like {@link #clunk(int)}. If a copy of it is still being walked, clunks it after that walk. */
    void clunk(final LiveFid fid) {
        final Call<?> walk = fid.walkAhead;
        if (walk == null || walk.isOver()) {
            clunk(fid.number);
        } else {
            addDoubtful(new Doubtful(walk, fid.number, true));
        }
    }

    /** Clunks path fids like {@link #clunk(LiveFid)}, and notifies the server once. */
    void clunkTogether(final List<LiveFid> fids) {
        try (Batch batch = requests.batch()) {
            fids.forEach(this::clunk);
        }
    }

    /** Clunks a copy once its walk is answered; gives its number back if the server refuses the walk. Does not wait. */
    void clunkOnceMade(final CopyAhead copy) {
        addDoubtful(new Doubtful(copy.walk(), copy.number(), false));
    }

    /**
     * Clunks unused fids without waiting for the answers. Waits for tags at most until {@code deadline}, a {@link
     * System#nanoTime}.
     */
    void clunkAll(final List<Integer> fids, final long deadline) {
        clunkDoubtfulFids();
        for (final int fid : fids) {
            final CompletableFuture<?> unused = clunked(requests.clunk(fid, deadline - System.nanoTime()), fid);
        }
    }

    /**
     * Gives the number back when the server answers or the connection ends: Tclunk ends a fid even if the Tclunk fails.
     * Without an answer, the fid may still exist.
     */
    private CompletableFuture<?> clunked(final Call<?> clunk, final int fid) {
        numbers.beginEnd();
        return clunk.future().whenComplete((reply, failure) -> {
            if (failure == null || isCertainlyGone(failure)) {
                numbers.giveBack(fid);
            } else {
                numbers.abandon(fid);
            }
            numbers.finishEnd();
        });
    }

    /** Removes the file of a fid that the caller owns. The fid is gone afterwards, even if removing the file failed. */
    void remove(final int fid) throws IOException {
        end(requests.remove(fid), fid);
    }

    /** Clunks a fid like {@link #clunk(int)}, but waits for the answer. */
    void clunkAndAwait(final int fid) throws IOException {
        end(requests.clunk(fid), fid);
    }

    private void end(final Call<Rmessage> call, final int fid) throws IOException {
        numbers.beginEnd();
        try {
            call.await();
            numbers.giveBack(fid);
        } catch (final IOException e) {
            dispose(fid, call, e);
            throw e;
        } finally {
            numbers.finishEnd();
        }
    }

    /**
     * Disposes of a fid after the request that makes or ends it has failed. If the server refused the request, the fid
     * does not exist. If the connection ended, the fid ended with it. If the request was given up, the fid may or may
     * not exist. It is then clunked once the server is known to be finished with the request, and its number stays in
     * use until then.
     */
    void dispose(final int fid, final Call<?> request, final IOException failure) {
        if (isCertainlyGone(failure)) {
            numbers.giveBack(fid);
            return;
        }
        addDoubtful(new Doubtful(request, fid, false));
        clunkDoubtfulFids();
    }

    private static boolean isCertainlyGone(final Throwable failure) {
        return failure instanceof RemoteException || failure instanceof SessionEndedException;
    }

    private synchronized void addDoubtful(final Doubtful fid) {
        doubtful.add(fid);
    }

    /**
     * Clunks the fids in doubt whose requests are finished. The reply reader learns of the end first, but must not
     * send, so the next caller clunks them.
     */
    private void clunkDoubtfulFids() {
        final List<Doubtful> finished = new ArrayList<>(0);
        synchronized (this) {
            for (final Iterator<Doubtful> each = doubtful.iterator(); each.hasNext(); ) {
                final Doubtful next = each.next();
                if (next.request().isOver()) {
                    each.remove();
                    finished.add(next);
                }
            }
        }
        for (final Doubtful next : finished) {
            if (next.exists() || !next.isRefused()) {
                clunk(next.fid());
            } else {
                numbers.giveBack(next.fid());
            }
        }
    }

    /**
     * A fid in doubt.
     *
     * @param request the unfinished request that makes, ends or uses the fid
     * @param exists whether the fid exists whatever the server answers
     */
    private record Doubtful(Call<?> request, int fid, boolean exists) {
        /** Returns whether the server has refused to make the fid. */
        boolean isRefused() {
            return request.future()
                    .handle((reply, failure) -> failure instanceof RemoteException)
                    .join();
        }
    }
}
