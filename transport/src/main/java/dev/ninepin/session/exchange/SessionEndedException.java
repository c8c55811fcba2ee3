package dev.ninepin.session.exchange;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * The failure of a request because the session has ended. The cause says why: the channel broke, the server sent bytes
 * that are not 9P, or the session was closed.
 */
public final class SessionEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Instant time = Instant.now();
    private final String reason;
    private final boolean unexpected;

    /** @param unexpected whether the session was established and was not being closed by this host */
    SessionEndedException(final IOException cause, final boolean unexpected) {
        super("the session with the server has ended: " + cause.getMessage(), cause);
        this.reason = String.valueOf(cause.getMessage());
        this.unexpected = unexpected;
    }

    /** Returns when and why the session ended; empty if it was closed or never established. */
    Optional<SessionEnd> unexpectedEnd() {
        return unexpected ? Optional.of(new SessionEnd(time, reason)) : Optional.empty();
    }
}
