package dev.ninepin.p9;

/**
 * The bits that select the fields of an {@link Rgetattr}, in the request and in the reply. Source: QEMU's {@code
 * hw/9pfs/9p.h}.
 */
public final class AttrMask {
    public static final long MODE = 0x1;
    public static final long NLINK = 0x2;
    public static final long UID = 0x4;
    public static final long GID = 0x8;
    public static final long RDEV = 0x10;
    public static final long ATIME = 0x20;
    public static final long MTIME = 0x40;
    public static final long CTIME = 0x80;
    public static final long INO = 0x100;
    public static final long SIZE = 0x200;
    public static final long BLOCKS = 0x400;
    public static final long BTIME = 0x800;
    public static final long GEN = 0x1000;
    public static final long DATA_VERSION = 0x2000;

    /** The fields that stat(2) returns. */
    public static final long BASIC = MODE | NLINK | UID | GID | RDEV | ATIME | MTIME | CTIME | INO | SIZE | BLOCKS;

    private AttrMask() {}
}
