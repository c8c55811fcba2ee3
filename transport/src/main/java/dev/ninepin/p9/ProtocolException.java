package dev.ninepin.p9;

/** Bytes that are not a 9P2000.L message: cut short, too long, of an unknown type, or with lengths that lie. */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;

    public ProtocolException(final String message) {
        super(message);
    }
}
