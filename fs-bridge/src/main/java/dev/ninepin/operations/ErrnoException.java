package dev.ninepin.operations;

import java.io.IOException;

/**
 * The refusal of a file operation by Ninepin itself, with an errno. It has no stack trace, and so is cheap to create.
 */
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    public ErrnoException(final int errno, final String why) {
        super(why);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
