package dev.ninepin.session;

import java.io.IOException;

/** The session is over: its channel broke, the server sent what is no 9P, or it was closed. The cause says which. */
public final class SessionEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    SessionEndedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
