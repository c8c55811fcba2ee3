package dev.ninepin.share;

import java.io.IOException;

/** A file operation that Ninepin itself refuses, with an errno; cheap to make, without a stack trace. */
final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    ErrnoException(final int errno, final String why) {
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
