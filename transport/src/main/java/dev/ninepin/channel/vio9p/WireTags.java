package dev.ninepin.channel.vio9p;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.MessageType;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The tags of requests on a device that may still deliver replies to its previous user. Each request gets a wire tag
 * that was not used for long, whatever its tag in the session. The first wire tag is random. So a late reply is
 * recognized. Any thread may call any method.
 *
 * <p>Some servers do not return tags: propolis answers with tag 0, which is never given to a request. The first such
 * answer switches to <b>lock-step</b>: one request is sent at a time, the others are queued, and the next reply answers
 * the request that was sent.
 */
final class WireTags {
    /** The tag of a reply that answers no request: no session has so many tags. */
    static final int STRAY = Frame.NOTAG - 1;

    /** The tag that propolis puts in every reply ({@code lib/propolis/src/hw/virtio/p9fs.rs}). */
    private static final int NO_TAG_RETURNED = 0;

    private static final int TAG_OFFSET = Frame.HEADER_SIZE - Short.BYTES;

    /** The requests on the wire, by wire tag. */
    @GuardedBy("this")
    private final Map<Integer, Request> sent = new HashMap<>();

    /** The messages that wait for their turn in lock-step. */
    @GuardedBy("this")
    private final Deque<ByteBuffer> waiting = new ArrayDeque<>();

    @GuardedBy("this")
    private int last;

    @GuardedBy("this")
    private boolean lockStep;

    /** A request on the wire: its tag in the session and its message type. */
    private record Request(int tag, int type) {
        /** Returns whether a reply of {@code replyType} may answer this request. */
        boolean takes(final int replyType) {
            return replyType == type + 1 || replyType == MessageType.RLERROR.code();
        }
    }

    WireTags(final RandomGenerator random) {
        last = random.nextInt(STRAY);
    }

    /**
     * Gives a message a wire tag and writes the tag into the message.
     *
     * @param message the message from its position, with the session's tag; copied if it must wait
     * @return true if the caller sends the message now; false if {@link #next} returns it when its turn comes
     */
    synchronized boolean begin(final ByteBuffer message) {
        // A Tversion never waits, because it ends all requests in flight.
        if (lockStep && !sent.isEmpty() && Frame.peekTag(message) != Frame.NOTAG) {
            final ByteBuffer copy =
                    ByteBuffer.allocateDirect(message.remaining()).order(message.order());
            waiting.add(copy.put(message.duplicate()).flip());
            return false;
        }
        register(message);
        return true;
    }

    /** Returns the message to send now, because the one before it is answered; null if there is none. */
    synchronized @Nullable ByteBuffer next() {
        if (waiting.isEmpty() || !sent.isEmpty()) {
            return null;
        }
        final ByteBuffer message = waiting.remove();
        register(message);
        return message;
    }

    /** Forgets a message from {@link #begin} or {@link #next} that could not be sent. */
    synchronized void undo(final ByteBuffer message) {
        sent.remove(Frame.peekTag(message));
    }

    /**
     * Finds the request that a reply answers, and writes the session's tag into the reply.
     *
     * @return the session's tag, or {@link #STRAY}
     */
    synchronized int restoreTag(final ByteBuffer reply) {
        final int wireTag = Frame.peekTag(reply);
        Request request = sent.remove(wireTag);
        if (request == null && wireTag == NO_TAG_RETURNED) {
            lockStep = true;
            request = theOneThatTakes(Frame.peekType(reply));
        }
        if (request == null) {
            return STRAY;
        }
        putTag(reply, request.tag());
        return request.tag();
    }

    /** Returns whether the server returns no tags, so that one request is sent at a time. */
    synchronized boolean isLockStep() {
        return lockStep;
    }

    @GuardedBy("this")
    private @Nullable Request theOneThatTakes(final int replyType) {
        if (sent.size() != 1 || !sent.values().iterator().next().takes(replyType)) {
            return null;
        }
        final Request request = sent.values().iterator().next();
        sent.clear();
        return request;
    }

    @GuardedBy("this")
    private void register(final ByteBuffer message) {
        final int tag = Frame.peekTag(message);
        final int wireTag = tag == Frame.NOTAG ? tag : fresh();
        sent.put(wireTag, new Request(tag, Frame.peekType(message)));
        putTag(message, wireTag);
    }

    @GuardedBy("this")
    private int fresh() {
        do {
            // From 1 to STRAY - 1.
            last = last % (STRAY - 1) + 1;
        } while (sent.containsKey(last));
        return last;
    }

    private static void putTag(final ByteBuffer message, final int tag) {
        message.putShort(message.position() + TAG_OFFSET, (short) tag);
    }
}
