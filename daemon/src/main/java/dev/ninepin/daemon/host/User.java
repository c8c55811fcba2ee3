package dev.ninepin.daemon.host;

import dev.ninepin.os.ThreadStatus;
import java.io.IOException;

/**
 * The user who runs this process.
 *
 * @param uid the effective user ID
 */
public record User(long uid) {
    public static User current() throws IOException {
        // The field lists the real, effective, saved and file system user IDs.
        return new User(ThreadStatus.ofThisProcess().number("Uid", 1));
    }

    /**
     * Returns whether the current user is root. Returns true if that is unknown, so that the operation itself fails if
     * root is needed.
     */
    public static boolean currentIsRoot() {
        try {
            return current().isRoot();
        } catch (final IOException e) {
            return true;
        }
    }

    public boolean isRoot() {
        return uid == 0;
    }
}
