package dev.ninepin.share.inode;

import java.util.Set;

/** A file system of the server's host, as far as a client can tell it from others. Any thread. */
public final class HostFileSystem {
    /**
     * The file system types whose inode numbers are unique within one mount and one {@code f_fsid}: ext2 to ext4, XFS,
     * btrfs, tmpfs, ramfs, F2FS, ZFS, JFS, ReiserFS. NFS is missing, since nfs-ganesha reports NFS for every file
     * system that it exports.
     */
    private static final Set<Integer> NUMBERED = Set.of(
            0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x858458f6, 0xF2F52010, 0x2FC12FC1, 0x3153464a, 0x52654973);

    /** V9FS_MAGIC, the type that a server reports if it does not tell the real one. */
    private static final int UNTOLD = 0x01021997;

    /** The types that show files of several file systems under their original inode numbers: overlayfs, FUSE, AUFS. */
    private static final Set<Integer> MIXED = Set.of(0x794c7630, 0x65735546, 0x61756673);

    private final int type;
    private final long id;
    private final boolean isCertain;
    private volatile Inode example;

    /**
     * @param type {@code f_type} of statfs(2)
     * @param id {@code f_fsid} of statfs(2); on btrfs, the ID of the subvolume
     * @param example a directory on the file system
     * @param isCertain whether names with one inode number are one file on it, and it is certainly none of the file
     *     systems found before
     */
    public HostFileSystem(final int type, final long id, final Inode example, final boolean isCertain) {
        this.type = type;
        this.id = id;
        this.example = example;
        this.isCertain = isCertain;
    }

    /** Returns whether statfs(2) reports this type and ID for the file system. */
    public boolean matches(final int wantedType, final long wantedId) {
        return type == wantedType && id == wantedId;
    }

    /** Returns whether two names with one inode number are the same file on a file system of this type. */
    public static boolean hasUniqueNumbers(final int type) {
        return NUMBERED.contains(type);
    }

    /** Returns whether this is the type of a server that does not tell the real one. */
    public static boolean isUnspecifiedType(final int type) {
        return type == UNTOLD;
    }

    /**
     * Returns whether two names with one inode number are the same file on this file system, and it can be told from
     * others.
     */
    public boolean isCertain() {
        return isCertain;
    }

    /** Returns whether two files can have the same inode number even in one directory. */
    public boolean mixesNumbers() {
        return MIXED.contains(type);
    }

    /** Returns a directory on this file system, with which other directories are compared. */
    Inode example() {
        return example;
    }

    /** Replaces the directory with which others are compared. */
    void example(final Inode directory) {
        example = directory;
    }
}
