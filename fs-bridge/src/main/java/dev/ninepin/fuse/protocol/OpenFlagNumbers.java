package dev.ninepin.fuse.protocol;

import dev.ninepin.p9.OpenFlags;

/**
 * The numbers of those open(2) flags that differ between architectures. All other flags have the same numbers as in the
 * 9P protocol.
 *
 * @param direct the number of O_DIRECT
 * @param largefile the number of O_LARGEFILE
 * @param directory the number of O_DIRECTORY
 * @param nofollow the number of O_NOFOLLOW
 */
public record OpenFlagNumbers(int direct, int largefile, int directory, int nofollow) {
    /** The numbers on x86, from include/uapi/asm-generic/fcntl.h. */
    static final OpenFlagNumbers X86 =
            new OpenFlagNumbers(OpenFlags.DIRECT, OpenFlags.LARGEFILE, OpenFlags.DIRECTORY, OpenFlags.NOFOLLOW);

    /** The numbers on arm64, from arch/arm64/include/uapi/asm/fcntl.h. */
    static final OpenFlagNumbers ARM64 = new OpenFlagNumbers(0200000, 0400000, 040000, 0100000);

    /**
     * The flags with the same number on all architectures. Other flags, such as the kernel's internal mark of an exec,
     * are dropped.
     */
    private static final int COMMON = OpenFlags.ACCESS_MODE
            | OpenFlags.CREATE
            | OpenFlags.EXCL
            | OpenFlags.NOCTTY
            | OpenFlags.TRUNC
            | OpenFlags.APPEND
            | OpenFlags.NONBLOCK
            | OpenFlags.DSYNC
            | OpenFlags.FASYNC
            | OpenFlags.NOATIME
            | OpenFlags.CLOEXEC
            | OpenFlags.SYNC;

    /**
     * Returns the numbers for an architecture.
     *
     * @param arch the architecture as in the system property {@code os.arch}
     */
    public static OpenFlagNumbers of(final String arch) {
        return arch.equals("aarch64") ? ARM64 : X86;
    }

    /** Translates the kernel's flags to the 9P protocol's. */
    public int toProtocol(final int flags) {
        return (flags & COMMON)
                | translate(flags, direct, OpenFlags.DIRECT)
                | translate(flags, largefile, OpenFlags.LARGEFILE)
                | translate(flags, directory, OpenFlags.DIRECTORY)
                | translate(flags, nofollow, OpenFlags.NOFOLLOW);
    }

    private static int translate(final int flags, final int from, final int to) {
        return (flags & from) == 0 ? 0 : to;
    }
}
