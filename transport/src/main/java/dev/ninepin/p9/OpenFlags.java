package dev.ninepin.p9;

/**
 * The flags of {@link Tlopen} and {@link Tlcreate}. The protocol fixes them to the numbers of Linux on x86; on other
 * machines some of open(2)'s differ (arm64: DIRECT, DIRECTORY, NOFOLLOW), so they are translated, never passed on.
 */
public final class OpenFlags {
    public static final int RDONLY = 0;
    public static final int WRONLY = 01;
    public static final int RDWR = 02;
    public static final int ACCESS_MODE = 03;
    public static final int CREATE = 0100;
    public static final int EXCL = 0200;
    public static final int NOCTTY = 0400;
    public static final int TRUNC = 01000;
    public static final int APPEND = 02000;
    public static final int NONBLOCK = 04000;
    public static final int DSYNC = 010000;
    public static final int FASYNC = 020000;
    public static final int DIRECT = 040000;
    public static final int LARGEFILE = 0100000;
    public static final int DIRECTORY = 0200000;
    public static final int NOFOLLOW = 0400000;
    public static final int NOATIME = 01000000;
    public static final int CLOEXEC = 02000000;
    public static final int SYNC = 04000000;

    /** Whether what is opened so may be read. */
    public static boolean reads(final int flags) {
        return (flags & ACCESS_MODE) != WRONLY;
    }

    /** Whether what is opened so may be written. */
    public static boolean writes(final int flags) {
        return (flags & ACCESS_MODE) != RDONLY;
    }

    private OpenFlags() {}
}
