package dev.ninepin.session;

import java.io.IOException;

/** A path no longer leads to the file that it led to: ESTALE. */
public final class StaleFileException extends IOException {
    private static final long serialVersionUID = 1L;

    public StaleFileException(final String message) {
        super(message);
    }
}
