package dev.ninepin.fuse;

import dev.ninepin.p9.OpenFlags;

/**
 * The numbers that this machine's kernel gives to the flags of open(2) which differ between machines; all others are
 * the same as the protocol's.
 *
 * @param direct O_DIRECT
 * @param largefile O_LARGEFILE
 * @param directory O_DIRECTORY
 * @param nofollow O_NOFOLLOW
 */
record OpenFlagNumbers(int direct, int largefile, int directory, int nofollow) {
    /** include/uapi/asm-generic/fcntl.h. */
    static final OpenFlagNumbers X86 =
            new OpenFlagNumbers(OpenFlags.DIRECT, OpenFlags.LARGEFILE, OpenFlags.DIRECTORY, OpenFlags.NOFOLLOW);

    /** arch/arm64/include/uapi/asm/fcntl.h. */
    static final OpenFlagNumbers ARM64 = new OpenFlagNumbers(0200000, 0400000, 040000, 0100000);

    /** What has the same number everywhere. Anything else, such as the kernel's own mark of an exec, is dropped. */
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

    /** Those of the machine that {@code arch}, as in the property {@code os.arch}, names. */
    static OpenFlagNumbers of(final String arch) {
        return arch.equals("aarch64") ? ARM64 : X86;
    }

    /** The kernel's flags in the protocol's numbers. */
    int toProtocol(final int flags) {
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
