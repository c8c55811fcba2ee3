package dev.ninepin.session.exchange;

import java.io.IOException;

/**
 * An error that the server sent as the answer to a request. Has no stack trace, because errors are frequent and must be
 * cheap.
 */
public final class RemoteException extends IOException {
    private static final long serialVersionUID = 1L;

    public static final int ENOENT = 2;
    public static final int EACCES = 13;
    public static final int ENOTDIR = 20;
    public static final int ENFILE = 23;
    public static final int ERANGE = 34;
    public static final int ENAMETOOLONG = 36;

    private final int errno;

    public RemoteException(final String request, final int errno) {
        super("the server answered " + request + " with errno " + errno);
        this.errno = errno;
    }

    /** Returns the errno, with its number on Linux; never 0. */
    public int errno() {
        return errno;
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
