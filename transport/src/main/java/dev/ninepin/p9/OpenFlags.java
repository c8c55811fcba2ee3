package dev.ninepin.p9;

/**
 * The flags of {@link Tlopen} and {@link Tlcreate}. The protocol defines them with the values of Linux on x86. On other
 * architectures, some flags of open(2) have other values (arm64: DIRECT, DIRECTORY, NOFOLLOW). So flags must be
 * translated, never passed through.
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

    /** Returns whether a file opened with {@code flags} may be read. */
    public static boolean allowsReading(final int flags) {
        return (flags & ACCESS_MODE) != WRONLY;
    }

    /** Returns whether a file opened with {@code flags} may be written. */
    public static boolean writes(final int flags) {
        return (flags & ACCESS_MODE) != RDONLY;
    }

    private OpenFlags() {}
}
