package dev.ninepin.operations;

/**
 * The attributes of a file, as stat(2) shows them.
 *
 * @param ino the inode number: the server's qid.path, or one of Ninepin's own if two files have the same
 * @param mode the file type and permission bits
 * @param uid the owner, as a local ID
 * @param gid the group, as a local ID
 * @param nlink the number of names
 * @param rdev the device number, encoded as by glibc's makedev(3)
 * @param size the size in bytes
 * @param blksize the preferred size of a read or write, in bytes
 * @param blocks the used space in units of 512 bytes
 * @param atime the time of the last access
 * @param mtime the time of the last change of the data
 * @param ctime the time of the last change of the attributes
 * @param isPredicted whether the attributes follow from a request and were not sent by the server. The kernel must
 *     request the attributes before it uses them again
 */
public record Attributes(
        long ino,
        int mode,
        int uid,
        int gid,
        long nlink,
        long rdev,
        long size,
        long blksize,
        long blocks,
        Timestamp atime,
        Timestamp mtime,
        Timestamp ctime,
        boolean isPredicted) {
    /** Returns a copy that is marked as predicted. */
    public Attributes asPrediction() {
        return new Attributes(ino, mode, uid, gid, nlink, rdev, size, blksize, blocks, atime, mtime, ctime, true);
    }
}
