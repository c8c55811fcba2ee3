package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rflush;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tremove;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrwalk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A channel that checks its traffic for forbidden messages, and tracks which fids the server holds. Any thread may
 * query it.
 */
public final class WatchedChannel extends ForwardingChannel {
    private static final Object NOTHING = new Object();

    private final Map<Integer, Tmessage> inFlight = new ConcurrentHashMap<>();
    private final AtomicInteger places = new AtomicInteger();
    private final Set<Integer> fids = ConcurrentHashMap.newKeySet();
    private final Set<Integer> promised = ConcurrentHashMap.newKeySet();

    /**
     * Fids that the server may or may not hold, after a request that failed or was given up. Clunking them is allowed.
     */
    private final Set<Integer> doubtful = ConcurrentHashMap.newKeySet();

    private final Set<Integer> appending = ConcurrentHashMap.newKeySet();
    private final List<String> wrongs = new CopyOnWriteArrayList<>();
    private final Map<Class<?>, AtomicInteger> sent = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Tread> reads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger flushes = new AtomicInteger();
    private final AtomicInteger emptyReplies = new AtomicInteger();
    private final ConcurrentLinkedQueue<Set<Integer>> fidsAtVersion = new ConcurrentLinkedQueue<>();
    private volatile int msize = Integer.MAX_VALUE;
    private volatile Object lock = NOTHING;

    public WatchedChannel(final Channel channel) {
        super(channel);
    }

    /** Requires that no sender holds the monitor of {@code lock} from now on. */
    public void mustNotHold(final Object lock) {
        this.lock = lock;
    }

    /** Returns the fids that the server holds, according to its answers so far. */
    public Set<Integer> fids() {
        return Set.copyOf(fids);
    }

    /** Returns the fids in doubt that the server may still hold and that were not clunked. */
    public Set<Integer> doubtfulFids() {
        return Set.copyOf(doubtful);
    }

    /** Returns the fids that the server still held when the last Rversion ended them. */
    public Set<Integer> fidsAtLastVersion() {
        return List.copyOf(fidsAtVersion).get(fidsAtVersion.size() - 1);
    }

    /**
     * Returns how many requests of a type were sent, without the Tflushes of an unused tag, which ask for a sign of
     * life.
     */
    public int sent(final Class<? extends Tmessage> kind) {
        final AtomicInteger count = sent.get(kind);
        return count == null ? 0 : count.get();
    }

    /** Returns the Treads in the order in which they were sent. */
    public List<Tread> reads() {
        return List.copyOf(reads);
    }

    /** Returns how often the server was notified of requests. */
    public int flushes() {
        return flushes.get();
    }

    /** Returns how many requests the server ended without a reply. */
    public int emptyReplies() {
        return emptyReplies.get();
    }

    /** Fails if a forbidden message was sent or received. */
    public void assertLawful() {
        assertThat(wrongs).as("what should never have been on the wire").isEmpty();
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        if (!(request instanceof Tflush flush && flush.oldtag() == Frame.NOTAG)) {
            sent.computeIfAbsent(request.getClass(), kind -> new AtomicInteger())
                    .incrementAndGet();
        }
        wrongIf(Thread.holdsLock(lock), request, "sent under a lock that the reply reader takes");
        wrongIf(Frame.sizeOf(request) > msize, request, "larger than msize");
        if (inFlight.putIfAbsent(tag, request) == null) {
            wrongIf(places.incrementAndGet() > maxRequests(), request, "more in flight than the channel takes");
        } else {
            wrongIf(!(request instanceof Tversion && mayLoseFirstReply()), request, "under a tag in flight, " + tag);
        }
        wrongIf(request instanceof Tflush && !takesFlush(), request, "over a channel that takes none");
        wrongIf(request instanceof Tversion && !takesFlush() && inFlight.size() > 1, request, "not alone in flight");
        if (request instanceof Tread read) {
            reads.add(read);
        }
        checkFids(request);
        super.send(tag, request);
    }

    private void checkFids(final Tmessage request) {
        if (request instanceof Twalk walk && walk.newfid() != walk.fid()) {
            wrongIf(fids.contains(walk.newfid()) || !promised.add(walk.newfid()), request, "newfid is in use");
            doubtful.remove(walk.newfid());
        } else if (request instanceof Txattrwalk walk) {
            wrongIf(fids.contains(walk.newfid()) || !promised.add(walk.newfid()), request, "newfid is in use");
            doubtful.remove(walk.newfid());
        } else if (request instanceof Tlopen open) {
            wrongIf((open.flags() & OpenFlags.TRUNC) != 0, request, "opened with TRUNC");
        } else if (request instanceof Tlcreate create) {
            wrongIf((create.flags() & OpenFlags.TRUNC) != 0, request, "created with TRUNC");
        } else if (request instanceof Twrite write && appending.contains(write.fid())) {
            final long writes = inFlight.values().stream()
                    .filter(other -> other instanceof Twrite more && more.fid() == write.fid())
                    .count();
            wrongIf(writes > 1, request, "appends are under way together");
        }
    }

    @Override
    public void flush() throws IOException {
        flushes.incrementAndGet();
        super.flush();
    }

    @Override
    public boolean flush(final long nanos) throws IOException {
        flushes.incrementAndGet();
        return super.flush(nanos);
    }

    @Override
    public Received receive() throws IOException {
        return watch(super.receive());
    }

    @Override
    public @Nullable Received receiveUntil(final long deadline) throws IOException {
        final Received received = super.receiveUntil(deadline);
        return received == null ? null : watch(received);
    }

    private Received watch(final Received received) {
        final Tmessage request = inFlight.remove(received.tag());
        if (request instanceof Twalk walk) {
            promised.remove(walk.newfid());
        } else if (request instanceof Txattrwalk walk) {
            promised.remove(walk.newfid());
        }
        if (!received.message().hasRemaining()) {
            emptyReplies.incrementAndGet();
            doubt(request);
        } else if (request != null) {
            learn(
                    request,
                    received.message().duplicate().order(received.message().order()));
        }
        return new Received(received.tag(), received.message(), () -> {
            received.close();
            if (request != null) {
                places.decrementAndGet();
            }
        });
    }

    private void learn(final Tmessage request, final ByteBuffer bytes) {
        final Message reply;
        try {
            reply = Frame.decode(bytes).message();
        } catch (final ProtocolException e) {
            // The session will report what is wrong with it.
            return;
        }
        if (reply instanceof Rversion version) {
            msize = version.msize();
            fidsAtVersion.add(Set.copyOf(fids));
            fids.clear();
        } else if (reply instanceof Rattach) {
            fids.add(((Tattach) request).fid());
        } else if (reply instanceof Rwalk walked) {
            final Twalk walk = (Twalk) request;
            (walked.qids().size() == walk.names().size() ? fids : doubtful).add(walk.newfid());
        } else if (reply instanceof Rxattrwalk) {
            fids.add(((Txattrwalk) request).newfid());
        } else if (reply instanceof Rlopen) {
            noteAppending(((Tlopen) request).fid(), ((Tlopen) request).flags());
        } else if (reply instanceof Rlcreate) {
            noteAppending(((Tlcreate) request).fid(), ((Tlcreate) request).flags());
        } else if (reply instanceof Rflush) {
            endFlushed(((Tflush) request).oldtag());
        }
        if (request instanceof Tclunk clunk) {
            end(clunk.fid());
        } else if (request instanceof Tremove remove) {
            end(remove.fid());
        }
    }

    private void doubt(final Tmessage givenUp) {
        if (givenUp instanceof Twalk walk) {
            promised.remove(walk.newfid());
            doubtful.add(walk.newfid());
        } else if (givenUp instanceof Txattrwalk walk) {
            promised.remove(walk.newfid());
            doubtful.add(walk.newfid());
        } else if (givenUp instanceof Tclunk clunk && fids.remove(clunk.fid())) {
            doubtful.add(clunk.fid());
        } else if (givenUp instanceof Tremove remove && fids.remove(remove.fid())) {
            doubtful.add(remove.fid());
        }
    }

    private void noteAppending(final int fid, final int flags) {
        if ((flags & OpenFlags.APPEND) != 0) {
            appending.add(fid);
        }
    }

    private void endFlushed(final int tag) {
        final Tmessage flushed = inFlight.remove(tag);
        if (flushed != null) {
            places.decrementAndGet();
            doubt(flushed);
        }
    }

    private void end(final int fid) {
        wrongIf(
                !fids.remove(fid) && !doubtful.remove(fid),
                new Tclunk(fid),
                "ends a fid that the server does not hold");
        appending.remove(fid);
    }

    private void wrongIf(final boolean wrong, final Tmessage request, final String why) {
        if (wrong) {
            wrongs.add(request.messageType().notation() + ": " + why);
        }
    }

    /** Returns all requests in flight. */
    public List<Tmessage> inFlight() {
        return new ArrayList<>(inFlight.values());
    }
}
