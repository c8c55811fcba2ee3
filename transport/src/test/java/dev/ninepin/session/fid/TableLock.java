package dev.ninepin.session.fid;

import dev.ninepin.session.Session;

/** Access to the lock of a session's fid table, under which no request may be sent. */
public final class TableLock {
    private TableLock() {}

    public static Object of(final Session session) {
        return session.fids().paths;
    }
}
