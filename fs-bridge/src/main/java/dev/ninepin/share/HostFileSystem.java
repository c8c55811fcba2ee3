package dev.ninepin.share;

import java.util.Set;

/** A file system of the server's host, as far as a client can tell it from others. Any thread. */
final class HostFileSystem {
    /**
     * The types whose inode numbers are unique among the files of one mount and one {@code f_fsid}: ext2 to ext4, XFS,
     * btrfs, tmpfs, ramfs, F2FS, ZFS, JFS, ReiserFS. NFS is not among them: nfs-ganesha says that it is that, whatever it
     * serves.
     */
    private static final Set<Integer> NUMBERED = Set.of(
            0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x858458f6, 0xF2F52010, 0x2FC12FC1, 0x3153464a, 0x52654973);

    /** What servers say that don't tell the type: V9FS_MAGIC. */
    private static final int UNTOLD = 0x01021997;

    /** The types that show the files of several file systems under the numbers these have: overlayfs, FUSE, AUFS. */
    private static final Set<Integer> MIXED = Set.of(0x794c7630, 0x65735546, 0x61756673);

    private final int type;
    private final long id;
    private final boolean isCertain;
    private volatile Inode example;

    /**
     * @param type as in statfs(2): {@code f_type}
     * @param id as in statfs(2): {@code f_fsid}; that of the subvolume on btrfs
     * @param example a directory on it
     * @param isCertain whether two names on it with one inode number are the same file, and it is known to be none of the
     *     others that were found before
     */
    HostFileSystem(final int type, final long id, final Inode example, final boolean isCertain) {
        this.type = type;
        this.id = id;
        this.example = example;
        this.isCertain = isCertain;
    }

    /** Whether statfs(2) says this of it. */
    boolean is(final int wantedType, final long wantedId) {
        return type == wantedType && id == wantedId;
    }

    /** Whether two names on a file system of this type with one inode number are the same file. */
    static boolean hasUniqueNumbers(final int type) {
        return NUMBERED.contains(type);
    }

    /** Whether a type says nothing. */
    static boolean isUntold(final int type) {
        return type == UNTOLD;
    }

    /** Whether two names on it with one inode number are the same file, and it can be told from others. */
    boolean isCertain() {
        return isCertain;
    }

    /** Whether even two names in one directory may have one inode number and be two files. */
    boolean mixesNumbers() {
        return MIXED.contains(type);
    }

    /** A directory on it, to compare others with. */
    Inode example() {
        return example;
    }

    void example(final Inode directory) {
        example = directory;
    }
}
