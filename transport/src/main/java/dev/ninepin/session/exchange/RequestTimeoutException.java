package dev.ninepin.session.exchange;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;

/**
 * The failure of a request that was given up because it was not answered, or could not be sent, within {@code
 * SessionOptions.requestTimeout}.
 */
public final class RequestTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;

    private RequestTimeoutException(final String message, final long nanos) {
        super(message + NANOSECONDS.toMillis(nanos) / 1000.0 + " s");
    }

    static RequestTimeoutException unanswered(final String request, final long nanos) {
        return new RequestTimeoutException("the server did not answer " + request + " within ", nanos);
    }

    static RequestTimeoutException silent(final String request, final long nanos) {
        return new RequestTimeoutException(request + " was not sent: the server has sent nothing for ", nanos);
    }

    /** Returns the failure of a request that has waited for a connection for {@code nanos} nanoseconds at most. */
    public static RequestTimeoutException unreachable(final long nanos) {
        return new RequestTimeoutException("the server cannot be reached, and a request waits at most ", nanos);
    }

    static RequestTimeoutException unread(final String request, final long nanos) {
        return new RequestTimeoutException(
                "cannot send " + request + ": the server has not read earlier requests for ", nanos);
    }

    static RequestTimeoutException unsent(final String request, final long nanos) {
        return new RequestTimeoutException(
                "cannot send " + request + ": earlier requests used all tags or data buffers for ", nanos);
    }
}
