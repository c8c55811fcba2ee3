package dev.ninepin.session.exchange;

import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.time.Instant;

/**
 * The failure of a request because its connection has ended: the channel broke, the server sent bytes that are not 9P,
 * or the session was closed. The cause says why. If another connection follows, {@code Session.repeatIfLost} repeats
 * the requests that may be repeated.
 */
public final class SessionEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final IOException why;
    private final Instant time;
    private final int connection;
    private final boolean unsent;
    private final boolean repeatable;

    private SessionEndedException(
            final IOException cause,
            final Instant time,
            final int connection,
            final boolean unsent,
            final boolean repeatable) {
        super("the connection to the server has ended: " + cause.getMessage(), cause);
        this.why = cause;
        this.time = time;
        this.connection = connection;
        this.unsent = unsent;
        this.repeatable = repeatable;
    }

    /** @param connection the number of the connection that has ended */
    SessionEndedException(final IOException cause, final int connection) {
        this(cause, Instant.now(), connection, false, false);
    }

    /** Returns the failure of a request over a lost fid. The request was not sent. */
    static SessionEndedException ofLostFid(final int connection) {
        return new SessionEndedException(
                new IOException("the file was opened over an earlier connection"),
                Instant.now(),
                connection,
                true,
                true);
    }

    /** Returns the failure of one request because of this end of the connection. */
    SessionEndedException of(final Tmessage request, final boolean sent) {
        return new SessionEndedException(
                why, time, connection, !sent, !sent || Repetition.isHarmless(request.getClass()));
    }

    /** Returns a copy for a request that the caller may send again. */
    public SessionEndedException asRepeatable() {
        return new SessionEndedException(why, time, connection, unsent, true);
    }

    /** Returns a copy for a request that is not sent again. */
    public SessionEndedException asUnrepeatable() {
        return new SessionEndedException(why, time, connection, unsent, false);
    }

    /** Returns the number of the connection that has ended. Later connections have larger numbers. */
    public int connection() {
        return connection;
    }

    /** Returns whether the server has certainly not received the request. */
    public boolean isUnsent() {
        return unsent;
    }

    /** Returns whether the request may be sent again: it was not sent, or a second one changes nothing more. */
    public boolean isRepeatable() {
        return repeatable;
    }

    /** Returns when and why the connection ended. */
    SessionEnd end() {
        return new SessionEnd(time, String.valueOf(why.getMessage()));
    }
}
