package dev.ninepin.session.fid;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable.Attribute;
import dev.ninepin.session.fid.FidTable.Walked;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fids that their callers own: how walks make them and how they end. A number is in use from before the request
 * that makes its fid until the fid is known to be gone. Any thread may call any method. No request is sent under the
 * lock.
 */
final class OwnFids {
    private static final Logger LOG = LoggerFactory.getLogger(OwnFids.class);

    private final FidRequests requests;
    private final FidNumbers numbers = new FidNumbers();

    /** Clunks some unused fids, and returns whether there were any. */
    private volatile BooleanSupplier makeRoom = () -> false;

    /** Fids in doubt: they may exist on the server or not, until their requests are finished. */
    @GuardedBy("this")
    private final List<Doubtful> doubtful = new ArrayList<>(0);

    OwnFids(final FidRequests requests) {
        this.requests = requests;
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
        clunkDoubtfulFids();
        OptionalInt number = numbers.tryTake();
        boolean mayHaveRoom = true;
        while (number.isEmpty() && mayHaveRoom) {
            mayHaveRoom = makeRoom.getAsBoolean();
            try {
                number = numbers.take(requests.timeoutNanos());
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for a free fid");
            }
        }
        return number.orElseThrow(() -> new RemoteException("every request for another fid", RemoteException.ENFILE));
    }

    /** Makes a fid. Tries again with a smaller number if the server rejects the number as too large. */
    private <T> T make(final Making<T> request) throws IOException {
        while (true) {
            final int fid = take();
            try {
                final T made = request.make(fid);
                numbers.recordAccepted(fid);
                return made;
            } catch (final RemoteException e) {
                if (!numbers.learnLimit(fid, e.errno())) {
                    throw e;
                }
                LOG.debug("the server takes no fid from {} on", fid);
            }
        }
    }

    /** A request that makes a fid of the given number; on failure, it gives the number back. */
    @FunctionalInterface
    private interface Making<T> {
        T make(int fid) throws IOException;
    }

    /** Gives back the number of a fid that was never made. */
    void giveBack(final int fid) {
        numbers.giveBack(fid);
    }

    /** Clunks a fid that the caller owns, without waiting for the answer. */
    void clunk(final int fid) {
        final CompletableFuture<?> unused = clunked(requests.clunk(fid), fid);
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
     * Gives the number back when the server answers, because Tclunk ends a fid even if it fails. Without an answer, the
     * fid may still exist.
     */
    private CompletableFuture<?> clunked(final Call<?> clunk, final int fid) {
        numbers.beginEnd();
        return clunk.future().whenComplete((reply, failure) -> {
            if (failure == null || failure instanceof RemoteException) {
                numbers.giveBack(fid);
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
        } catch (final RemoteException e) {
            numbers.giveBack(fid);
            throw e;
        } catch (final IOException e) {
            clunkAfter(call, fid);
            throw e;
        } finally {
            numbers.finishEnd();
        }
    }

    /**
     * Clunks a fid that may or may not exist, because the request that makes or ends it was given up. The clunk is sent
     * once the server is known to be finished with that request. The number stays in use until then.
     */
    private void clunkAfter(final Call<?> givenUp, final int fid) {
        synchronized (this) {
            doubtful.add(new Doubtful(givenUp, fid));
        }
        clunkDoubtfulFids();
    }

    /**
     * Clunks the fids in doubt whose requests are finished. The reply reader learns of the end first, but must not
     * send, so the next caller clunks them.
     */
    private void clunkDoubtfulFids() {
        final List<Integer> fids = new ArrayList<>(0);
        synchronized (this) {
            for (final Iterator<Doubtful> each = doubtful.iterator(); each.hasNext(); ) {
                final Doubtful next = each.next();
                if (next.givenUp().isOver()) {
                    each.remove();
                    fids.add(next.fid());
                }
            }
        }
        fids.forEach(this::clunk);
    }

    /** Makes a fid on an extended attribute of the file of {@code from}, which the caller then owns. */
    Attribute xattrWalk(final int from, final ByteString name) throws IOException {
        return make(fid -> xattrWalk(from, fid, name));
    }

    private Attribute xattrWalk(final int from, final int fid, final ByteString name) throws IOException {
        final Call<Rxattrwalk> call = requests.xattrwalk(from, fid, name);
        try {
            return new Attribute(fid, call.await().size());
        } catch (final RemoteException e) {
            if (e.errno() == RemoteException.ERANGE && !numbers.isKnownValid(fid)) {
                // ERANGE has two meanings: the value has just grown (QEMU), or the number is too large. A walk tells
                // which.
                walkOrGiveBack(from, fid, List.of());
                numbers.recordAccepted(fid);
                clunk(fid);
            } else {
                numbers.giveBack(fid);
            }
            throw e;
        } catch (final IOException e) {
            clunkAfter(call, fid);
            throw e;
        }
    }

    /**
     * The conditions under which a walk begins.
     *
     * @param user the user whose fid the walk begins at
     * @param moves how many directories have been renamed so far
     */
    record Start(int user, long moves) {
        Walked walked(final int fid, final Qid qid) {
            return new Walked(fid, qid, moves, user);
        }
    }

    /**
     * Attaches another user and returns a fid on the root. ENOENT and ENOTDIR from the server become EACCES. They
     * concern the tree, which other users can attach to, and must not be taken for a missing file.
     *
     * @throws RemoteException if the server refuses the user
     */
    Walked attach(final Start start) throws IOException {
        return make(fid -> attach(fid, start));
    }

    private Walked attach(final int fid, final Start start) throws IOException {
        final Call<Rattach> call = requests.attach(fid, start.user());
        try {
            return start.walked(fid, call.await().qid());
        } catch (final RemoteException e) {
            numbers.giveBack(fid);
            LOG.debug(
                    "the server does not let user {} attach: errno {}",
                    Integer.toUnsignedString(start.user()),
                    e.errno());
            throw e.errno() == RemoteException.ENOENT || e.errno() == RemoteException.ENOTDIR
                    ? new RemoteException("Tattach", RemoteException.EACCES)
                    : e;
        } catch (final IOException e) {
            clunkAfter(call, fid);
            throw e;
        }
    }

    /** Walks with a single Twalk to a new fid, which the caller then owns. */
    Walked walk(final int from, final List<ByteString> names, final Start start) throws IOException {
        return make(fid -> {
            final Rwalk reply = walkOrGiveBack(from, fid, names);
            return start.walked(fid, reply.qids().get(names.size() - 1));
        });
    }

    /** Makes a second fid on the file of {@code from}, which the caller then owns. */
    int copy(final int from) throws IOException {
        return make(fid -> {
            walkOrGiveBack(from, fid, List.of());
            return fid;
        });
    }

    /**
     * Walks over each of {@code names} to a separate fid, with all requests in flight at once. The results are in the
     * order of the names. A result is empty if the server answered with an error or takes no more fids.
     */
    List<Optional<Walked>> walkEach(final int from, final List<ByteString> names, final Start start)
            throws IOException {
        final List<Integer> fids = takeUpTo(names.size());
        final List<Call<Rwalk>> calls = new ArrayList<>(fids.size());
        try (Batch batch = requests.batch()) {
            for (int i = 0; i < fids.size(); i++) {
                calls.add(requests.walk(from, fids.get(i), List.of(names.get(i))));
            }
        }
        final List<Optional<Walked>> all = new ArrayList<>(names.size());
        IOException failure = null;
        for (int i = 0; i < calls.size(); i++) {
            Optional<Walked> walked = Optional.empty();
            try {
                final Rwalk reply = awaitWalk(calls.get(i), fids.get(i), 1);
                walked = Optional.of(start.walked(fids.get(i), reply.qids().get(0)));
                numbers.recordAccepted(fids.get(i));
            } catch (final RemoteException e) {
                final boolean isTooLarge = numbers.learnLimit(fids.get(i), e.errno());
                LOG.trace("no way to {}, its fid is too large: {}", names.get(i), isTooLarge, e);
            } catch (final IOException e) {
                failure = e;
            }
            all.add(walked);
        }
        if (failure != null) {
            all.forEach(each -> each.ifPresent(walked -> clunk(walked.fid())));
            throw failure;
        }
        all.addAll(Collections.nCopies(names.size() - all.size(), Optional.empty()));
        return all;
    }

    /** Takes numbers for up to {@code count} fids. Never blocks: a thread that holds numbers must not wait for more. */
    private List<Integer> takeUpTo(final int count) {
        clunkDoubtfulFids();
        final List<Integer> taken = new ArrayList<>(count);
        while (taken.size() < count) {
            final OptionalInt number = numbers.tryTake();
            if (number.isEmpty()) {
                final boolean hasRoomNextTime = makeRoom.getAsBoolean();
                LOG.trace("{} of {} fids, more next time: {}", taken.size(), count, hasRoomNextTime);
                break;
            }
            taken.add(number.getAsInt());
        }
        return taken;
    }

    /** Walks to {@code newfid}, and gives its number back if that fails. */
    Rwalk walkOrGiveBack(final int from, final int newfid, final List<ByteString> names) throws IOException {
        return awaitWalk(requests.walk(from, newfid, names), newfid, names.size());
    }

    private Rwalk awaitWalk(final Call<Rwalk> call, final int newfid, final int count) throws IOException {
        final Rwalk reply;
        try {
            reply = call.await();
        } catch (final RemoteException e) {
            numbers.giveBack(newfid);
            throw e;
        } catch (final IOException e) {
            clunkAfter(call, newfid);
            throw e;
        }
        if (reply.qids().size() < count) {
            // A partial walk must make no fid, but diod makes one (libnpfs/fcall.c, np_walk).
            clunk(newfid);
            throw new RemoteException("Twalk", RemoteException.ENOENT);
        }
        return reply;
    }

    /**
     * Walks over any number of names, in as many Twalks as needed.
     *
     * @throws StaleFileException if the server answers ENOENT or ENOTDIR
     */
    Walked walkFar(final int from, final List<ByteString> names, final Start start) throws IOException {
        try {
            int done = countNamesPerWalk(names);
            Walked walked = walkWithErrno(from, names.subList(0, done), start);
            while (done < names.size()) {
                final List<ByteString> rest = names.subList(done, names.size());
                final int next = countNamesPerWalk(rest);
                final int halfway = walked.fid();
                try {
                    walked = walkWithErrno(halfway, rest.subList(0, next), start);
                } finally {
                    clunk(halfway);
                }
                done += next;
            }
            return walked;
        } catch (final RemoteException e) {
            if (e.errno() == RemoteException.ENOENT || e.errno() == RemoteException.ENOTDIR) {
                throw new StaleFileException(names.get(names.size() - 1) + " no longer exists at its path");
            }
            throw e;
        }
    }

    /**
     * Walks like {@link #walk}, but reports the errno of a failure at any name. A server that stops at a directory
     * which the user may not search returns a partial walk. Only a failure at the first name carries an errno. So after
     * a partial walk, the names are walked one by one.
     */
    private Walked walkWithErrno(final int from, final List<ByteString> names, final Start start) throws IOException {
        try {
            return walk(from, names, start);
        } catch (final RemoteException e) {
            if (names.size() == 1 || e.errno() != RemoteException.ENOENT) {
                throw e;
            }
        }
        Walked walked = walk(from, names.subList(0, 1), start);
        for (final ByteString name : names.subList(1, names.size())) {
            final int halfway = walked.fid();
            try {
                walked = walk(halfway, List.of(name), start);
            } finally {
                clunk(halfway);
            }
        }
        return walked;
    }

    /**
     * Returns how many of the first {@code names} fit into one Twalk. With a small msize, long names fill the message.
     */
    private int countNamesPerWalk(final List<ByteString> names) {
        int count = 0;
        int room = requests.msize() - Frame.sizeOf(new Twalk(0, 0, List.of()));
        while (count < Math.min(names.size(), Twalk.MAX_NAMES)) {
            room -= Short.BYTES + names.get(count).length();
            if (room < 0) {
                break;
            }
            count++;
        }
        return Math.max(count, 1);
    }

    /** A fid in doubt, and the given-up request that makes or ends it. */
    private record Doubtful(Call<?> givenUp, int fid) {}
}
