package dev.ninepin.testing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A channel that counts round trips. While it counts, it holds back the replies until every request in flight is
 * answered and the client can do nothing more without a reply. Then it delivers all of them: one round trip is over. So
 * the count does not depend on the speed of the server or of this host. Replies to Tclunk are not held back, because
 * the client does not wait for them. Any thread may call any method.
 */
public final class RoundTripChannel extends ForwardingChannel {
    /** How often the client is examined, in milliseconds. */
    private static final long POLL_MILLIS = 1;

    /** The tags of the requests that the server has not answered, without Tclunk. */
    @GuardedBy("this")
    private final Set<Integer> unanswered = new HashSet<>();

    @GuardedBy("this")
    private final Queue<Received> held = new ArrayDeque<>();

    @GuardedBy("this")
    private final Queue<Received> ready = new ArrayDeque<>();

    @GuardedBy("this")
    private final List<String> sent = new ArrayList<>();

    @GuardedBy("this")
    private int roundTrips;

    /** Whether the client waits for the held replies, given their tags; null while nothing is counted. */
    @GuardedBy("this")
    private @Nullable Predicate<Set<Integer>> clientWaits;

    @GuardedBy("this")
    private @Nullable IOException failure;

    /**
     * What was counted.
     *
     * @param roundTrips the number of round trips
     * @param sent the names of all messages to the server, in the order in which they were sent
     */
    public record Count(int roundTrips, List<String> sent) {}

    public RoundTripChannel(final Channel channel) {
        super(channel);
        final Thread receiver = new Thread(this::receiveAll, "test-round-trips");
        receiver.setDaemon(true);
        receiver.start();
    }

    /**
     * Begins to count.
     *
     * @param waits whether each thread of the client that has something to do waits for one of the replies with the given
     *     tags
     */
    public synchronized void begin(final Predicate<Set<Integer>> waits) {
        sent.clear();
        roundTrips = 0;
        clientWaits = waits;
    }

    /** Ends the count of round trips, but not that of messages, and delivers the replies that are held back. */
    public synchronized void endRoundTrips() {
        clientWaits = null;
        deliver();
    }

    /** Ends the count, and delivers the replies that are held back. */
    public synchronized Count end() {
        endRoundTrips();
        return new Count(roundTrips, List.copyOf(sent));
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        synchronized (this) {
            sent.add(request.messageType().notation());
            if (!(request instanceof Tclunk)) {
                unanswered.add(tag);
            }
        }
        super.send(tag, request);
    }

    /** The replies pass through {@link #receive} only. */
    @Override
    public boolean hasTimedReceive() {
        return false;
    }

    private void receiveAll() {
        try {
            while (true) {
                take(super.receive());
            }
        } catch (final IOException e) {
            synchronized (this) {
                failure = e;
                notifyAll();
            }
        }
    }

    private synchronized void take(final Received reply) {
        final boolean isAwaited = unanswered.remove(reply.tag());
        (isAwaited && clientWaits != null ? held : ready).add(reply);
        notifyAll();
    }

    @Override
    public synchronized Received receive() throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                if (clientWaits != null && !held.isEmpty() && unanswered.isEmpty() && clientWaits.test(heldTags())) {
                    roundTrips++;
                    deliver();
                }
                if (!ready.isEmpty()) {
                    return ready.remove();
                } else if (failure != null) {
                    throw failure;
                }
                try {
                    wait(POLL_MILLIS);
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @GuardedBy("this")
    private Set<Integer> heldTags() {
        return held.stream().map(Received::tag).collect(Collectors.toSet());
    }

    @GuardedBy("this")
    private void deliver() {
        ready.addAll(held);
        held.clear();
        notifyAll();
    }
}
