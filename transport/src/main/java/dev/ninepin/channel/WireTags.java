package dev.ninepin.channel;

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
 * The tags that requests go under on a device which may still bring replies to somebody else's: each request gets one
 * that was not used for long, from a random one on, whatever its tag is to the session. So a late reply is known as
 * such. Any thread.
 *
 * <p>Some servers do not return tags: propolis answers with tag 0, which is never given here. With the first such answer
 * this goes to <b>lock-step</b>: one request at a time, the others wait here, and the next reply is its answer.
 */
final class WireTags {
    /** What a reply that answers nothing has for a session: no session has so many tags. */
    static final int STRAY = Frame.NOTAG - 1;

    /** From {@code lib/propolis/src/hw/virtio/p9fs.rs}: the replies are made without one. */
    private static final int NO_TAG_RETURNED = 0;

    private static final int TAG_OFFSET = Frame.HEADER_SIZE - Short.BYTES;

    /** Requests on the wire, by their tags there. */
    @GuardedBy("this")
    private final Map<Integer, Request> sent = new HashMap<>();

    /** In lock-step, messages to send once it is their turn. */
    @GuardedBy("this")
    private final Deque<ByteBuffer> waiting = new ArrayDeque<>();

    @GuardedBy("this")
    private int last;

    @GuardedBy("this")
    private boolean lockStep;

    /** A request on the wire: the session's tag, and its type. */
    private record Request(int tag, int type) {
        /** Whether a reply of {@code replyType} may answer it. */
        boolean takes(final int replyType) {
            return replyType == type + 1 || replyType == MessageType.RLERROR.code();
        }
    }

    WireTags(final RandomGenerator random) {
        last = random.nextInt(STRAY);
    }

    /**
     * Gives a message a tag of the wire, and writes that into it.
     *
     * @param message from its position, under the session's tag; copied if it has to wait
     * @return whether to send it now; else {@link #next} gives it when it is its turn
     */
    synchronized boolean begin(final ByteBuffer message) {
        // A Tversion waits for nothing: it ends whatever is under way.
        if (lockStep && !sent.isEmpty() && Frame.peekTag(message) != Frame.NOTAG) {
            final ByteBuffer copy =
                    ByteBuffer.allocateDirect(message.remaining()).order(message.order());
            waiting.add(copy.put(message.duplicate()).flip());
            return false;
        }
        register(message);
        return true;
    }

    /** The message that is to be sent now, because what was before it is answered; null if there is none. */
    synchronized @Nullable ByteBuffer next() {
        if (waiting.isEmpty() || !sent.isEmpty()) {
            return null;
        }
        final ByteBuffer message = waiting.remove();
        register(message);
        return message;
    }

    /** The message, of {@link #begin} or {@link #next}, was not sent after all. */
    synchronized void undo(final ByteBuffer message) {
        sent.remove(Frame.peekTag(message));
    }

    /**
     * Finds what a reply answers, and writes the session's tag of that into it.
     *
     * @return the session's tag, or {@link #STRAY}
     */
    synchronized int answered(final ByteBuffer reply) {
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

    /** Whether the server returns no tags, so that one request at a time is sent. */
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
            // From 1 to the last before STRAY.
            last = last % (STRAY - 1) + 1;
        } while (sent.containsKey(last));
        return last;
    }

    private static void putTag(final ByteBuffer message, final int tag) {
        message.putShort(message.position() + TAG_OFFSET, (short) tag);
    }
}
