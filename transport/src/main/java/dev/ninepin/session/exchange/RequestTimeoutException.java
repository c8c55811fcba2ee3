package dev.ninepin.session.exchange;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;

/** The failure of a request that was given up because no answer came within {@code SessionOptions.requestTimeout}. */
public final class RequestTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;

    RequestTimeoutException(final String request, final long nanos) {
        super("the server did not answer " + request + " within " + NANOSECONDS.toMillis(nanos) / 1000.0 + " s");
    }
}
