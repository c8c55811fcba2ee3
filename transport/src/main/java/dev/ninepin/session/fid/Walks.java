package dev.ninepin.session.fid;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable.Attribute;
import dev.ninepin.session.fid.FidTable.Walked;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests that make fids: Tattach, Twalk and Txattrwalk. The caller owns each new fid. Any thread. */
final class Walks {
    private static final Logger LOG = LoggerFactory.getLogger(Walks.class);

    private final FidRequests requests;
    private final OwnFids fids;

    Walks(final FidRequests requests, final OwnFids fids) {
        this.requests = requests;
        this.fids = fids;
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
        return fids.make(fid -> attach(fid, start));
    }

    private Walked attach(final int fid, final Start start) throws IOException {
        final Call<Rattach> call = requests.attach(fid, start.user());
        try {
            return start.walked(fid, call.await().qid());
        } catch (final IOException e) {
            fids.dispose(fid, call, e);
            LOG.debug("user {} is not attached: {}", Integer.toUnsignedString(start.user()), e.getMessage());
            throw e instanceof RemoteException refusal && isMissing(refusal)
                    ? new RemoteException("Tattach", RemoteException.EACCES)
                    : e;
        }
    }

    /** Returns whether the server found no file at a path. */
    private static boolean isMissing(final RemoteException refusal) {
        return refusal.errno() == RemoteException.ENOENT || refusal.errno() == RemoteException.ENOTDIR;
    }

    /** Makes a fid on an extended attribute of the file of {@code from}. */
    Attribute xattrWalk(final int from, final ByteString name) throws IOException {
        return fids.make(fid -> xattrWalk(from, fid, name));
    }

    private Attribute xattrWalk(final int from, final int fid, final ByteString name) throws IOException {
        final Call<Rxattrwalk> call = requests.xattrwalk(from, fid, name);
        try {
            return new Attribute(fid, call.await().size());
        } catch (final IOException e) {
            if (e instanceof RemoteException refusal
                    && refusal.errno() == RemoteException.ERANGE
                    && !fids.isKnownValid(fid)) {
                // ERANGE has two meanings: the value has just grown (QEMU), or the number is too large. A walk tells
                // which.
                walk(from, fid, List.of());
                fids.recordAccepted(fid);
                fids.clunk(fid);
            } else {
                fids.dispose(fid, call, e);
            }
            throw e;
        }
    }

    /** Walks with a single Twalk to a new fid. */
    Walked walk(final int from, final List<ByteString> names, final Start start) throws IOException {
        return fids.make(fid -> start.walked(fid, walk(from, fid, names).qids().get(names.size() - 1)));
    }

    /** Makes a second fid on the file of {@code from}. */
    int copy(final int from) throws IOException {
        return fids.make(fid -> {
            walk(from, fid, List.of());
            return fid;
        });
    }

    /** Begins to make a second fid on the file of {@code from}. Empty if the server takes no more fids. */
    Optional<CopyAhead> beginCopy(final int from) {
        final OptionalInt number = fids.tryTake();
        return number.isEmpty()
                ? Optional.empty()
                : Optional.of(new CopyAhead(number.getAsInt(), requests.walk(from, number.getAsInt(), List.of())));
    }

    /** Waits for a copy, which the caller then owns. If the server refused it, its number is given back. */
    int await(final CopyAhead copy) throws IOException {
        try {
            awaitWalk(copy.walk(), copy.number(), 0);
        } catch (final RemoteException e) {
            final boolean isTooLarge = fids.learnLimit(copy.number(), e);
            LOG.trace("no copy, its fid {} is too large: {}", copy.number(), isTooLarge, e);
            throw e;
        }
        fids.recordAccepted(copy.number());
        return copy.number();
    }

    /** Clunks a copy that is no longer needed, once its walk is answered. Waits for neither answer. */
    void end(final CopyAhead copy) {
        if (!copy.isAnswered()) {
            fids.clunkOnceMade(copy);
            return;
        }
        try {
            fids.clunk(await(copy));
        } catch (final IOException e) {
            LOG.trace("no copy {} to end", copy.number(), e);
        }
    }

    /** Waits for the walk of a copy at most until {@code deadline}, and returns whether the copy exists. */
    boolean isMade(final CopyAhead copy, final long deadline) {
        try {
            return copy.walk().awaitEnd(deadline - System.nanoTime()) && await(copy) == copy.number();
        } catch (final IOException e) {
            LOG.trace("no copy {} to end", copy.number(), e);
            return false;
        }
    }

    /**
     * Begins a walk over one name to a new fid, without waiting for the answer. Empty if the server takes no more fids.
     * Blocks only until a tag is free, so that it may be called with unsent requests in a batch.
     */
    Optional<PendingWalk> begin(final int from, final ByteString name, final Start start) {
        final OptionalInt free = fids.tryTake();
        if (free.isEmpty()) {
            return Optional.empty();
        }
        final int fid = free.getAsInt();
        return Optional.of(new PendingWalk(this, requests.walk(from, fid, List.of(name)), fid, start));
    }

    /** Waits for the answer to a walk over one name. Empty if the server refused it. */
    Optional<Walked> finish(final Call<Rwalk> call, final int fid, final Start start) throws IOException {
        try {
            final Rwalk reply = awaitWalk(call, fid, 1);
            fids.recordAccepted(fid);
            return Optional.of(start.walked(fid, reply.qids().get(0)));
        } catch (final RemoteException e) {
            final boolean isTooLarge = fids.learnLimit(fid, e);
            LOG.trace("fid {} was not made; it is too large: {}", fid, isTooLarge, e);
            return Optional.empty();
        }
    }

    /** Walks to {@code newfid}, and gives its number back if that fails. */
    private Rwalk walk(final int from, final int newfid, final List<ByteString> names) throws IOException {
        return awaitWalk(requests.walk(from, newfid, names), newfid, names.size());
    }

    private Rwalk awaitWalk(final Call<Rwalk> call, final int newfid, final int count) throws IOException {
        final Rwalk reply;
        try {
            reply = call.await();
        } catch (final IOException e) {
            fids.dispose(newfid, call, e);
            throw e;
        }
        if (reply.qids().size() < count) {
            // A partial walk must make no fid, but diod makes one (libnpfs/fcall.c, np_walk).
            fids.clunk(newfid);
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
            return walkInSteps(from, split(names), (at, part) -> walkWithErrno(at, part, start));
        } catch (final RemoteException e) {
            if (isMissing(e)) {
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
        return walkInSteps(from, names.stream().map(List::of).toList(), (at, name) -> walk(at, name, start));
    }

    /** A walk over one or more names from a fid. */
    @FunctionalInterface
    private interface Step {
        Walked walk(int from, List<ByteString> names) throws IOException;
    }

    /** Walks each part of a path from the fid of the part before, which is clunked afterwards. */
    private Walked walkInSteps(final int from, final List<List<ByteString>> parts, final Step step) throws IOException {
        Walked walked = step.walk(from, parts.get(0));
        for (final List<ByteString> part : parts.subList(1, parts.size())) {
            final int halfway = walked.fid();
            try {
                walked = step.walk(halfway, part);
            } finally {
                fids.clunk(halfway);
            }
        }
        return walked;
    }

    /** Splits a path into parts that each fit into one Twalk. */
    private List<List<ByteString>> split(final List<ByteString> names) {
        final List<List<ByteString>> parts = new ArrayList<>(1);
        List<ByteString> rest = names;
        while (!rest.isEmpty()) {
            final int count = countNamesPerWalk(rest);
            parts.add(rest.subList(0, count));
            rest = rest.subList(count, rest.size());
        }
        return parts;
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
}
