package dev.ninepin.p9;

/** The bits that select the fields of a {@link Tsetattr}. Source: QEMU's {@code hw/9pfs/9p.c}, {@code P9_ATTR_…}. */
public final class SetattrMask {
    public static final int MODE = 0x1;
    public static final int UID = 0x2;
    public static final int GID = 0x4;
    public static final int SIZE = 0x8;
    /** Sets the access time: to the server's clock, unless {@link #ATIME_SET} is set too. */
    public static final int ATIME = 0x10;
    /** Sets the modification time: to the server's clock, unless {@link #MTIME_SET} is set too. */
    public static final int MTIME = 0x20;

    public static final int CTIME = 0x40;
    public static final int ATIME_SET = 0x80;
    public static final int MTIME_SET = 0x100;

    private SetattrMask() {}
}
