package dev.ninepin.share.name;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Entry;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.PendingWalk;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lookup of the names that a listing of a directory has shown. Many requests are in flight at once: when some are
 * answered, the next are sent.
 *
 * <pre>{@code
 * the listing shows                                    requests
 * a known file, whose path has a fid of the user
 *     and whose attributes are recent                  none
 *     and whose attributes are not recent              Tgetattr
 * another file                                         Twalk, then Tgetattr
 * }</pre>
 *
 * <p>A listing shows a known file if it has the number of the file that was last found under the name. So the server has
 * said that the name leads to this number, and no walk is needed to find out. The reply to the Tgetattr must have the
 * file's ID, too: servers work on the path of a fid, and another client may have changed the name since.
 *
 * <p>The fid shows that the server lets the user search the directory. "Recent" means: within half the attribute
 * timeout, so that the kernel can use the attributes for a while, and not changed or read on this mount since. A name
 * that needs more than these requests is left to an ordinary lookup. Any thread may call any method.
 */
public final class ManyLookups {
    /** More concurrent requests bring no further gain. */
    private static final int MOST_AT_ONCE = 64;

    /** How many answers are waited for before more requests are sent: sending each for itself costs processor time. */
    private static final int TOGETHER = 16;

    /** The type of a directory in a listing: {@code DT_DIR} of readdir(3). */
    private static final int DT_DIR = 4;

    private static final Logger LOG = LoggerFactory.getLogger(ManyLookups.class);

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final Twins twins;
    private final long validNanos;

    /**
     * The number of requests in flight: at most half of the session's tags, so that other requests find some.
     */
    private final int atOnce;

    public ManyLookups(final UserView view, final AttributeReader attributes) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.attributes = attributes;
        this.twins = new Twins(view);
        this.validNanos = view.options().cache().attributes().toNanos();
        this.atOnce = Math.max(1, Math.min(session.maxRequests() / 2, MOST_AT_ONCE));
    }

    /**
     * Looks up names, and increments the lookup counts of the inodes found. Blocks until the server has answered.
     *
     * @param names the names as a listing of the directory has shown them
     * @param since when the server was asked for that listing, as a {@link System#nanoTime}
     * @return the entries in the order of the names. Empty for a name that the server refused, whose file has just
     *     changed, or whose file might be one of {@link Twins}; an ordinary lookup finds out
     */
    public List<Optional<Entry>> find(final Inode directory, final List<Dirent> names, final long since)
            throws IOException {
        return session.repeatIfLost(() -> lookUp(directory, names, since));
    }

    private List<Optional<Entry>> lookUp(final Inode directory, final List<Dirent> names, final long since)
            throws IOException {
        final long changes = inodes.changes(directory);
        final List<Lookup> lookups = new ArrayList<>(names.size());
        names.forEach(each -> lookups.add(new Lookup(directory, changes, each, since)));
        final List<Optional<Entry>> found = new ArrayList<>(names.size());
        try {
            send(directory, lookups);
            for (final Lookup each : lookups) {
                found.add(each.finish());
            }
        } catch (final IOException | RuntimeException e) {
            found.forEach(each -> each.ifPresent(entry -> inodes.forget(entry.node(), 1)));
            lookups.forEach(Lookup::abandon);
            throw e;
        }
        return found;
    }

    private void send(final Inode directory, final List<Lookup> lookups) throws IOException {
        final Deque<Lookup> waiting = new ArrayDeque<>();
        for (final Lookup each : lookups) {
            if (each.needsRequests()) {
                waiting.add(each);
            }
        }
        if (waiting.isEmpty()) {
            return;
        }
        // Before the lease: if a directory is renamed from now on, the walks may lead to other files.
        final long moves = fids.moves().count();
        try (Lease at = paths.leaseToLookUp(directory)) {
            send(at.fid(), moves, waiting);
        } catch (final StaleFileException | RemoteException e) {
            // Another client has renamed or replaced the directory. Its listing goes on all the same.
            LOG.trace("no lookups of {} names", waiting.size(), e);
        }
    }

    private void send(final int directory, final long moves, final Deque<Lookup> waiting) throws IOException {
        final Deque<Lookup> underWay = new ArrayDeque<>();
        final List<Lookup> answered = new ArrayList<>();
        while (!waiting.isEmpty() || !underWay.isEmpty() || !answered.isEmpty()) {
            boolean hasFids = true;
            try (Batch batch = session.batch()) {
                for (final Lookup each : answered) {
                    if (each.proceed()) {
                        underWay.add(each);
                    }
                }
                while (hasFids && !waiting.isEmpty() && underWay.size() < atOnce) {
                    final Lookup next = waiting.remove();
                    hasFids = next.begin(directory, moves);
                    if (hasFids) {
                        underWay.add(next);
                    }
                }
            }
            if (!hasFids) {
                final boolean hasRoomNextTime = fids.makeRoom();
                LOG.trace("no fid is free; more next time: {}", hasRoomNextTime);
            }
            answered.clear();
            // Outside the batch: whatever is waited for must be sent.
            for (int i = Math.min(underWay.size(), TOGETHER); i > 0; i--) {
                final Lookup oldest = underWay.remove();
                if (oldest.awaitAnswer()) {
                    answered.add(oldest);
                } else if (oldest.proceed()) {
                    underWay.add(oldest);
                }
            }
        }
    }

    /** The lookup of one name. Used by one thread, in the order of the methods. */
    private final class Lookup {
        private final Inode directory;
        private final long changes;
        private final Dirent listed;
        private final long since;

        /** The known file; null if a walk is needed. */
        private @Nullable Inode known;

        /** The recent attributes of the known file; null if they must be requested. */
        private Inode.@Nullable Seen recent;

        /** The fid on the path of the known file, until the attributes have arrived. */
        private @Nullable Lease lease;

        /** The data from before the last request was sent; null if there was none. */
        private Inode.@Nullable Asked asked;

        /** When the first request was sent, as a {@link System#nanoTime}. */
        private long begun;

        private @Nullable PendingWalk walk;
        private @Nullable Call<Rgetattr> call;

        /** The fid that the walk made, while it belongs to this lookup. */
        private FidTable.@Nullable Walked walked;

        private @Nullable Rgetattr reply;

        Lookup(final Inode directory, final long changes, final Dirent listed, final long since) {
            this.directory = directory;
            this.changes = changes;
            this.listed = listed;
            this.since = since;
        }

        /** Chooses the requests. Returns false if there are none. Blocks until pending writes are answered. */
        boolean needsRequests() throws InterruptedIOException {
            final long now = System.nanoTime();
            final Optional<Inode> last = inodes.known(directory, listed.name());
            final Inode file = last.filter(each -> now - since < validNanos && isShown(each))
                    .orElse(null);
            if (file != null) {
                lease = fids.leaseIfMade(inodes.path(file)).orElse(null);
                known = lease == null ? null : file;
                recent = lease == null
                        ? null
                        : file.attributesSince(now - validNanos / 2).orElse(null);
                if (recent != null) {
                    closeLease();
                    return false;
                }
            }
            asked = attributes.beginRequest(last);
            return true;
        }

        /** Returns whether the listing shows this file, whose path fid has the name that is looked up. */
        private boolean isShown(final Inode file) {
            final boolean hasItsType = listed.type() == 0
                    ? listed.qid().type() == file.id().type()
                    : (listed.type() == DT_DIR) == file.isDirectory();
            return hasItsType
                    && listed.qid().path() == file.id().path()
                    && fids.isAt(inodes.path(file), inodes.path(directory), listed.name());
        }

        /** Sends the first request. Returns false if the server takes no more fids, so that the lookup has failed. */
        boolean begin(final int directoryFid, final long moves) {
            begun = System.nanoTime();
            if (lease != null) {
                call = requestAttributes(lease.fid());
                return true;
            }
            walk = fids.beginWalk(directoryFid, listed.name(), moves).orElse(null);
            return walk != null;
        }

        /** Waits for the answer. Returns false if there is none in time: {@link #proceed} then gives the request up. */
        boolean awaitAnswer() throws InterruptedIOException {
            final PendingWalk sent = walk;
            return sent != null ? sent.awaitAnswer() : call == null || call.awaitEnd(session.timeoutNanos());
        }

        /** Waits for the answer, and sends the next request. Returns false if there is none. */
        boolean proceed() throws IOException {
            final PendingWalk sent = walk;
            if (sent == null) {
                takeReply();
                return false;
            }
            walk = null;
            walked = sent.await().orElse(null);
            if (walked == null || (walked.qid().isDirectory() && !hasRoom())) {
                return false;
            }
            call = requestAttributes(walked.fid());
            return true;
        }

        private Call<Rgetattr> requestAttributes(final int fid) {
            if (asked != null) {
                asked = attributes.beginLater(asked);
            }
            return session.getattr(fid, AttrMask.BASIC);
        }

        private boolean hasRoom() {
            return fids.hasRoom(inodes.path(directory), listed.name(), 0);
        }

        private void takeReply() throws IOException {
            final Call<Rgetattr> sent = call;
            call = null;
            try {
                reply = sent == null ? null : sent.await();
            } catch (final RemoteException e) {
                LOG.trace("no attributes of {}", listed.name(), e);
            } finally {
                closeLease();
            }
        }

        private void closeLease() {
            final Lease held = lease;
            lease = null;
            if (held != null) {
                held.close();
            }
        }

        /** Records the result. Empty if the name is left to an ordinary lookup. */
        Optional<Entry> finish() throws IOException {
            final Inode file = known;
            if (file != null && recent != null) {
                // Other names of the listing may have been waited for since.
                return file.attributesSince(recent.asked().nanos()).flatMap(still -> attributes
                        .convert(file, still)
                        .flatMap(now -> give(file, now, still.asked().nanos())));
            } else if (reply == null || asked == null) {
                abandon();
                return Optional.empty();
            } else if (file != null) {
                return finishKnown(file, reply, asked);
            }
            return finishWalked(reply, asked);
        }

        private Optional<Entry> finishKnown(final Inode file, final Rgetattr received, final Inode.Asked request) {
            try {
                final Attributes now = attributes.recordReplyOverPath(file, received, request);
                return file.pages.changes() == request.changes() ? give(file, now, request.nanos()) : Optional.empty();
            } catch (final IOException e) {
                LOG.trace("no attributes of {}, or those of another file than the listing shows", listed.name(), e);
                return Optional.empty();
            }
        }

        private Optional<Entry> give(final Inode file, final Attributes now, final long attributesSince) {
            if (!inodes.recordListed(directory, listed.name(), file)) {
                return Optional.empty();
            }
            final long time = System.nanoTime();
            return Optional.of(new Entry(file.node(), now, Math.max(time - since, time - attributesSince)));
        }

        private Optional<Entry> finishWalked(final Rgetattr received, final Inode.Asked request) throws IOException {
            final Optional<Identity> identity = identify(received);
            final FidTable.Walked found = walked;
            if (identity.isEmpty() || found == null) {
                abandon();
                return Optional.empty();
            }
            walked = null;
            final Inode inode = inodes.recordFound(changes, directory, listed.name(), found, identity.get())
                    .orElse(null);
            if (inode == null) {
                return Optional.empty();
            }
            if (inode.pages.changes() != request.changes()) {
                // Changed meanwhile, or found under another name than the known ones, so that its writes were not
                // waited for.
                inodes.forget(inode.node(), 1);
                return Optional.empty();
            }
            try {
                final Attributes now = attributes.recordReply(inode, received, request);
                if (fids.isAt(inodes.path(inode), inodes.path(directory), listed.name())) {
                    inode.seenOverPath(begun);
                }
                return Optional.of(new Entry(inode.node(), now, System.nanoTime() - begun));
            } catch (final IOException e) {
                LOG.trace("no attributes of node {}, or those of another file", inode.node(), e);
                inodes.forget(inode.node(), 1);
                return Optional.empty();
            }
        }

        private Optional<Identity> identify(final Rgetattr received) throws IOException {
            final FidTable.Walked found = walked;
            if (found == null) {
                return Optional.empty();
            }
            try {
                final Optional<Identity> identity = twins.identifyAtOnce(directory, listed.name(), found, received);
                identity.ifPresent(each -> twins.report(each, directory, listed.name()));
                return identity;
            } catch (final StaleFileException e) {
                LOG.trace("others are just moving {}", listed.name(), e);
                return Optional.empty();
            }
        }

        /** Waits for requests that are under way, and gives up the fids of this lookup. */
        void abandon() {
            final PendingWalk sent = walk;
            walk = null;
            try {
                if (sent != null) {
                    walked = sent.await().orElse(null);
                }
                takeReply();
            } catch (final IOException e) {
                LOG.trace("abandoned {}", listed.name(), e);
            } finally {
                closeLease();
                final FidTable.Walked left = walked;
                walked = null;
                if (left != null) {
                    fids.clunk(left.fid());
                }
            }
        }
    }
}
