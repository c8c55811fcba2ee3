package dev.ninepin.session;

import java.util.List;
import java.util.Optional;

/**
 * A session as it is at one moment.
 *
 * @param connected whether requests can be answered; false once the channel broke or was closed
 * @param unexpectedEnd when and why the session ended, unless it was closed here; empty while it lasts
 * @param version the protocol version that both sides agreed to
 * @param msize the largest message, in bytes
 * @param requestsInFlight sent, and not yet answered
 * @param oldestRequestNanos how long the oldest of them has waited; 0 if there is none
 * @param tagsUsed tags in use, those of abandoned requests included
 * @param tagsMax how many there are
 * @param fidsUsed fids that the server holds for us
 * @param fidsMax how many may be held before the least recently used are clunked
 * @param strayReplies replies that nobody waited for, or of the wrong type; dropped
 * @param bytesRead payload of Rread
 * @param bytesWritten payload of Twrite that the server took
 * @param messages round trips by message; latencies from send to reply
 */
public record SessionStatus(
        boolean connected,
        Optional<SessionEnd> unexpectedEnd,
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
        List<OperationStats> messages) {}
