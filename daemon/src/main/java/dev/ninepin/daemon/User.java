package dev.ninepin.daemon;

import java.io.IOException;

/**
 * Who runs this process.
 *
 * @param uid the effective user number
 */
record User(long uid) {
    static User current() throws IOException {
        // Of the real, effective, saved and file system user.
        return new User(ProcSelf.number("Uid", 1));
    }

    /** As {@link #isRoot} of {@link #current}; yes if that can't be known, so that what follows finds out. */
    static boolean currentIsRoot() {
        try {
            return current().isRoot();
        } catch (final IOException e) {
            return true;
        }
    }

    boolean isRoot() {
        return uid == 0;
    }
}
