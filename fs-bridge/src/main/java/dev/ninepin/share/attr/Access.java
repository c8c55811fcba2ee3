package dev.ninepin.share.attr;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Caller;
import dev.ninepin.share.inode.FileMode;

/** The check of access(2) by a file's mode bits, for callers that the kernel does not check itself. */
public final class Access {
    /** R_OK. */
    public static final int READ = 4;

    /** W_OK. */
    public static final int WRITE = 2;

    private static final int EXECUTE = 1;
    private static final int ALL = 07;
    private static final int ANY_EXECUTE = 0111;

    private Access() {}

    /** Returns whether the mode bits allow a caller the access in {@code mask} (R_OK 4, W_OK 2, X_OK 1). */
    public static boolean isAllowed(final Caller caller, final Attributes file, final int mask) {
        return (mask & ~granted(caller, file) & ALL) == 0;
    }

    private static int granted(final Caller caller, final Attributes file) {
        final int mode = file.mode();
        if (caller.uid() == 0) {
            final boolean executable = (mode & FileMode.TYPE) == FileMode.DIRECTORY || (mode & ANY_EXECUTE) != 0;
            return executable ? ALL : ALL & ~EXECUTE;
        } else if (caller.uid() == file.uid()) {
            return mode >> 6;
        }
        return caller.isIn(file.gid()) ? mode >> 3 : mode;
    }
}
