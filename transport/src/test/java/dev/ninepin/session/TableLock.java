package dev.ninepin.session;

/** The lock of a session's fids, under which nothing must be sent. */
public final class TableLock {
    private TableLock() {}

    public static Object of(final Session session) {
        return session.fids().paths;
    }
}
