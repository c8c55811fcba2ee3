package dev.ninepin.session;

import dev.ninepin.session.exchange.OperationStats;
import dev.ninepin.session.exchange.SessionEnd;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A snapshot of a session's state.
 *
 * @param state the state of the connection
 * @param unexpectedEnd when and why the connection ended; empty while it lasts, and if this host closed it
 * @param tries how many attempts to connect have failed since then
 * @param tryFailure why the last of these attempts has failed; empty if none has
 * @param nextTry when the next attempt begins; empty during an attempt, and if none follows
 * @param silentNanos for how long the server has sent nothing although requests wait, in nanoseconds; 0 if no request
 *     waits
 * @param patienceNanos how much longer requests wait for a silent server or for another connection, in nanoseconds; 0
 *     if they fail at once
 * @param version the negotiated protocol version
 * @param msize the largest message, in bytes
 * @param requestsInFlight requests that the server has not answered yet
 * @param oldestRequestNanos how long the oldest of them has waited, in nanoseconds; 0 if there is none
 * @param tagsUsed tags in use, including the tags of abandoned requests
 * @param tagsMax tags in total
 * @param fidsUsed fids that the server holds for this session
 * @param fidsMax how many path fids may be held before the least recently used are clunked
 * @param strayReplies replies that were dropped because no request waited for them, or because their type was wrong
 * @param bytesRead data bytes received in Rread messages
 * @param bytesWritten data bytes of Twrite messages that the server accepted
 * @param messages round trips by message type; latencies run from sending the request to its reply
 */
public record SessionStatus(
        State state,
        Optional<SessionEnd> unexpectedEnd,
        int tries,
        Optional<String> tryFailure,
        Optional<Instant> nextTry,
        long silentNanos,
        long patienceNanos,
        String version,
        int msize,
        int requestsInFlight,
        long oldestRequestNanos,
        int tagsUsed,
        int tagsMax,
        int fidsUsed,
        int fidsMax,
        long strayReplies,
        long bytesRead,
        long bytesWritten,
        List<OperationStats> messages) {
    /** The state of a session's connection. */
    public enum State {
        CONNECTED,
        /**
         * The server has sent nothing for {@link SessionOptions#patience} or a minute, whichever is shorter, although
         * requests wait. After {@link SessionOptions#patience}, requests fail until the server sends something.
         */
        SILENT,
        /** The connection has ended, and another one is being opened. */
        RECONNECTING,
        /** The session was closed, or its connection has ended and no other one follows. */
        ENDED
    }

    /** Returns whether a connection is open. */
    public boolean connected() {
        return state == State.CONNECTED || state == State.SILENT;
    }
}
