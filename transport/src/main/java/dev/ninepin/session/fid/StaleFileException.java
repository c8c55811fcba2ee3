package dev.ninepin.session.fid;

import java.io.IOException;

/** The failure ESTALE: a path no longer leads to the file that it used to lead to. */
public final class StaleFileException extends IOException {
    private static final long serialVersionUID = 1L;

    public StaleFileException(final String message) {
        super(message);
    }
}
