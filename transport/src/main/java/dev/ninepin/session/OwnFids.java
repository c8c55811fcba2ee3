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
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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

    /** A number for a fid that the caller will make, and then owns; for {@link #clunk} or {@link #giveBack}. */
    int take() {
        clunkWhatIsOver();
        return numbers.take();
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
        return clunk.future().whenComplete((reply, failure) -> {
            if (failure == null || failure instanceof RemoteException) {
                numbers.giveBack(fid);
            }
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
        try {
            call.await();
            numbers.giveBack(fid);
        } catch (final RemoteException e) {
            numbers.giveBack(fid);
            throw e;
        } catch (final IOException e) {
            clunkAfter(call, fid);
            throw e;
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
        final int fid = take();
        final Call<Rxattrwalk> call = session.xattrwalk(from, fid, name);
        try {
            return new Attribute(fid, call.await().size());
        } catch (final RemoteException e) {
            numbers.giveBack(fid);
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
        final int fid = take();
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
        final int fid = take();
        final Rwalk reply = walkOrGiveBack(from, fid, names);
        return start.walked(fid, reply.qids().get(names.size() - 1));
    }

    /**
     * Walks over each of {@code names} to a fid of its own, all at once. In the order of the names; empty where the server
     * says that there is no way.
     */
    List<Optional<Walked>> walkEach(final int from, final List<ByteString> names, final Start start)
            throws IOException {
        final List<Integer> fids = new ArrayList<>(names.size());
        final List<Call<Rwalk>> calls = new ArrayList<>(names.size());
        try (Batch batch = session.batch()) {
            for (final ByteString name : names) {
                final int fid = take();
                fids.add(fid);
                calls.add(session.walk(from, fid, List.of(name)));
            }
        }
        final List<Optional<Walked>> all = new ArrayList<>(names.size());
        IOException failure = null;
        for (int i = 0; i < calls.size(); i++) {
            Optional<Walked> walked = Optional.empty();
            try {
                final Rwalk reply = awaitWalk(calls.get(i), fids.get(i), 1);
                walked = Optional.of(start.walked(fids.get(i), reply.qids().get(0)));
            } catch (final RemoteException e) {
                LOG.trace("no way to {}", names.get(i), e);
            } catch (final IOException e) {
                failure = e;
            }
            all.add(walked);
        }
        if (failure != null) {
            all.forEach(each -> each.ifPresent(walked -> clunk(walked.fid())));
            throw failure;
        }
        return all;
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
