package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.FidTable.Attribute;
import dev.ninepin.session.FidTable.Walked;
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
 * Fids as such, each of which belongs to whoever took it: how they are made, by walking, and how they end. A number is in
 * use from before the request that makes its fid until the fid is known to be gone. Any thread; nothing is sent under
 * the lock.
 */
final class OwnFids {
    private static final Logger LOG = LoggerFactory.getLogger(OwnFids.class);

    private final Session session;
    private final FidNumbers numbers = new FidNumbers();

    /** Has fids clunked that nobody uses right now; whether there were any. */
    private volatile BooleanSupplier makeRoom = () -> false;

    /** Fids that may be there or not, until their requests are over. */
    @GuardedBy("this")
    private final List<Doubtful> doubtful = new ArrayList<>(0);

    OwnFids(final Session session) {
        this.session = session;
    }

    /** How many the server holds, or may hold. */
    int used() {
        return numbers.used();
    }

    /** Sets what is run when the server takes no more fids: it clunks some that nobody uses, and says whether it did. */
    void setMakeRoom(final BooleanSupplier action) {
        makeRoom = action;
    }

    /**
     * A number for a fid that the caller will make, and then owns; for {@link #clunk} or {@link #giveBack}. Waits if the
     * server takes no more fids than there are, and some are about to end; fails with ENFILE if none is.
     */
    int take() throws IOException {
        clunkWhatIsOver();
        OptionalInt number = numbers.tryTake();
        boolean mayHaveRoom = true;
        while (number.isEmpty() && mayHaveRoom) {
            mayHaveRoom = makeRoom.getAsBoolean();
            try {
                number = numbers.take(session.timeoutNanos());
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for the number of a fid");
            }
        }
        return number.orElseThrow(() -> new RemoteException("any request for one more fid", RemoteException.ENFILE));
    }

    /** Makes a fid, again with a smaller number where the server takes none as large. */
    private <T> T make(final Making<T> request) throws IOException {
        while (true) {
            final int fid = take();
            try {
                final T made = request.make(fid);
                numbers.accepted(fid);
                return made;
            } catch (final RemoteException e) {
                if (!numbers.areRefusedFrom(fid, e.errno())) {
                    throw e;
                }
                LOG.debug("the server takes no fid from {} on", fid);
            }
        }
    }

    /** A request that makes a fid of the given number, or gives the number back. */
    @FunctionalInterface
    private interface Making<T> {
        T make(int fid) throws IOException;
    }

    /** The fid was never made. */
    void giveBack(final int fid) {
        numbers.giveBack(fid);
    }

    /** Clunks a fid that the caller owns, without waiting for the answer. */
    void clunk(final int fid) {
        final CompletableFuture<?> unused = clunked(session.clunk(fid), fid);
    }

    /** Clunks fids that nobody uses any more, until {@code deadline}, without waiting. */
    void clunkAll(final List<Integer> fids, final long deadline) {
        clunkWhatIsOver();
        for (final int fid : fids) {
            final CompletableFuture<?> unused = clunked(session.clunk(fid, deadline - System.nanoTime()), fid);
        }
    }

    /** The number is free with the answer: Tclunk ends a fid even if it fails. Without one the fid may still be there. */
    private CompletableFuture<?> clunked(final Call<?> clunk, final int fid) {
        numbers.ending();
        return clunk.future().whenComplete((reply, failure) -> {
            if (failure == null || failure instanceof RemoteException) {
                numbers.giveBack(fid);
            }
            numbers.ended();
        });
    }

    /** Removes the file of a fid that the caller owns; the fid is gone afterwards, even if the file is not. */
    void remove(final int fid) throws IOException {
        end(session.remove(fid), fid);
    }

    /** As {@link #clunk(int)}, but waits for the answer. */
    void clunkAndAwait(final int fid) throws IOException {
        end(session.clunk(fid), fid);
    }

    private void end(final Call<Rmessage> call, final int fid) throws IOException {
        numbers.ending();
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
            numbers.ended();
        }
    }

    /**
     * Ends a fid that may be there or not, because a request that makes or ends it was given up: as soon as it is known
     * that the server is no more at that request. Until then the number is not free.
     */
    private void clunkAfter(final Call<?> givenUp, final int fid) {
        synchronized (this) {
            doubtful.add(new Doubtful(givenUp, fid));
        }
        clunkWhatIsOver();
    }

    /** Not done by the reply reader, which learns of the end first, but must not send. */
    private void clunkWhatIsOver() {
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

    Attribute xattrWalk(final int from, final ByteString name) throws IOException {
        return make(fid -> xattrWalk(from, fid, name));
    }

    private Attribute xattrWalk(final int from, final int fid, final ByteString name) throws IOException {
        final Call<Rxattrwalk> call = session.xattrwalk(from, fid, name);
        try {
            return new Attribute(fid, call.await().size());
        } catch (final RemoteException e) {
            if (e.errno() == RemoteException.ERANGE && !numbers.areProven(fid)) {
                // The value may have grown just now (QEMU), or the number is too large: a walk tells.
                walkOrGiveBack(from, fid, List.of());
                numbers.accepted(fid);
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
     * Where a walk begins.
     *
     * @param user whose fid it begins at
     * @param moves how many directories have been moved so far
     */
    record Start(int user, long moves) {
        Walked walked(final int fid, final Qid qid) {
            return new Walked(fid, qid, moves, user);
        }
    }

    /**
     * Attaches another user: the fid is on the root. Refused is refused: what a server says of the tree, which is there for
     * others, must not be taken for news of a file.
     */
    Walked attach(final Start start) throws IOException {
        return make(fid -> attach(fid, start));
    }

    private Walked attach(final int fid, final Start start) throws IOException {
        final Call<Rattach> call = session.attach(fid, start.user());
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

    Walked walk(final int from, final List<ByteString> names, final Start start) throws IOException {
        return make(fid -> {
            final Rwalk reply = walkOrGiveBack(from, fid, names);
            return start.walked(fid, reply.qids().get(names.size() - 1));
        });
    }

    /** A fid of the caller's own on what {@code from} is on. */
    int copy(final int from) throws IOException {
        return make(fid -> {
            walkOrGiveBack(from, fid, List.of());
            return fid;
        });
    }

    /**
     * Walks over each of {@code names} to a fid of its own, all at once. In the order of the names; empty where the server
     * says that there is no way, or takes no more fids.
     */
    List<Optional<Walked>> walkEach(final int from, final List<ByteString> names, final Start start)
            throws IOException {
        final List<Integer> fids = takeUpTo(names.size());
        final List<Call<Rwalk>> calls = new ArrayList<>(fids.size());
        try (Batch batch = session.batch()) {
            for (int i = 0; i < fids.size(); i++) {
                calls.add(session.walk(from, fids.get(i), List.of(names.get(i))));
            }
        }
        final List<Optional<Walked>> all = new ArrayList<>(names.size());
        IOException failure = null;
        for (int i = 0; i < calls.size(); i++) {
            Optional<Walked> walked = Optional.empty();
            try {
                final Rwalk reply = awaitWalk(calls.get(i), fids.get(i), 1);
                walked = Optional.of(start.walked(fids.get(i), reply.qids().get(0)));
                numbers.accepted(fids.get(i));
            } catch (final RemoteException e) {
                final boolean isTooLarge = numbers.areRefusedFrom(fids.get(i), e.errno());
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

    /** Numbers for {@code count} fids, or as many as there are right now: nobody who has some waits for more. */
    private List<Integer> takeUpTo(final int count) {
        clunkWhatIsOver();
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

    /** Walks to {@code newfid}, whose number goes back if that fails. */
    Rwalk walkOrGiveBack(final int from, final int newfid, final List<ByteString> names) throws IOException {
        return awaitWalk(session.walk(from, newfid, names), newfid, names.size());
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
            // Such a walk is to make no fid, but with diod there is one (libnpfs/fcall.c, np_walk).
            clunk(newfid);
            throw new RemoteException("Twalk", RemoteException.ENOENT);
        }
        return reply;
    }

    /** Walks over any number of names, as many at a time as one Twalk takes. */
    Walked walkFar(final int from, final List<ByteString> names, final Start start) throws IOException {
        try {
            int done = inOneWalk(names);
            Walked walked = walkOrSayWhyNot(from, names.subList(0, done), start);
            while (done < names.size()) {
                final List<ByteString> rest = names.subList(done, names.size());
                final int next = inOneWalk(rest);
                final int halfway = walked.fid();
                try {
                    walked = walkOrSayWhyNot(halfway, rest.subList(0, next), start);
                } finally {
                    clunk(halfway);
                }
                done += next;
            }
            return walked;
        } catch (final RemoteException e) {
            if (e.errno() == RemoteException.ENOENT || e.errno() == RemoteException.ENOTDIR) {
                throw new StaleFileException(names.get(names.size() - 1) + " is no longer where it was");
            }
            throw e;
        }
    }

    /**
     * As {@link #walk}, where a server may stop at a directory that the user must not search: it says how far it came, and
     * why it went no further only if that was nowhere. So it is asked to go on from there.
     */
    private Walked walkOrSayWhyNot(final int from, final List<ByteString> names, final Start start) throws IOException {
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

    /** How many of the names, from the first on, one Twalk takes; where msize is small, long ones fill it. */
    private int inOneWalk(final List<ByteString> names) {
        int count = 0;
        int room = session.msize() - Frame.sizeOf(new Twalk(0, 0, List.of()));
        while (count < Math.min(names.size(), Twalk.MAX_NAMES)) {
            room -= Short.BYTES + names.get(count).length();
            if (room < 0) {
                break;
            }
            count++;
        }
        return Math.max(count, 1);
    }

    /** A fid, and the request that makes or ends it, which was given up. */
    private record Doubtful(Call<?> givenUp, int fid) {}
}
