package dev.ninepin.handover;

import java.io.IOException;

/** The failure to read a state that is incomplete, damaged, or in a version that this program does not know. */
public final class InvalidStateException extends IOException {
    private static final long serialVersionUID = 1L;

    InvalidStateException(final String message) {
        super(message);
    }
}
