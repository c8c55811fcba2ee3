package dev.ninepin.p9;

/**
 * The server's identity of a file.
 *
 * <pre>qid[13] = type[1] version[4] path[8]</pre>
 *
 * @param type bits of {@code DIR}, {@code SYMLINK}, …; {@link #FILE} has none of them
 * @param version a number that changes with the file's data; 0 if the server does not maintain it
 * @param path a number that is unique among the files of the export, like an inode number; compare it together with the
 *     type
 */
public record Qid(int type, int version, long path) {
    public static final int DIR = 0x80;
    public static final int APPEND = 0x40;
    public static final int EXCL = 0x20;
    public static final int MOUNT = 0x10;
    public static final int AUTH = 0x08;
    public static final int TMP = 0x04;
    public static final int SYMLINK = 0x02;
    public static final int LINK = 0x01;
    public static final int FILE = 0;

    /** Returns whether the file is a directory. */
    public boolean isDirectory() {
        return (type & DIR) != 0;
    }

    /** Returns whether both identify the same file. The versions may differ. */
    public boolean isSameFile(final Qid other) {
        return path == other.path && type == other.type;
    }

    void encode(final WireWriter out) {
        out.u8(type);
        out.u32(version);
        out.u64(path);
    }

    static Qid decode(final WireReader in) {
        return new Qid(in.u8(), in.u32(), in.u64());
    }
}
