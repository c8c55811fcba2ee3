package dev.ninepin.p9;

/**
 * The failure of decoding bytes that are not a 9P2000.L message: truncated, too long, of unknown type, or with wrong
 * lengths.
 */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;

    public ProtocolException(final String message) {
        super(message);
    }
}
