package dev.ninepin.session;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** The session is over: its channel broke, the server sent what is no 9P, or it was closed. The cause says which. */
public final class SessionEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Instant time = Instant.now();
    private final String reason;
    private final boolean unexpected;

    /** @param unexpected whether the session was established, and nobody here was closing it */
    SessionEndedException(final IOException cause, final boolean unexpected) {
        super("the session with the server is over: " + cause.getMessage(), cause);
        this.reason = String.valueOf(cause.getMessage());
        this.unexpected = unexpected;
    }

    /** When and why the session ended, if that was unexpected. */
    Optional<SessionEnd> unexpectedEnd() {
        return unexpected ? Optional.of(new SessionEnd(time, reason)) : Optional.empty();
    }
}
