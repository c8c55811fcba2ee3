package dev.ninepin.share;

/**
 * What stat(2) shows of a file.
 *
 * @param ino inode number: the server's qid.path
 * @param mode file type and permission bits
 * @param uid owner
 * @param gid group
 * @param nlink names that it has
 * @param rdev device number, encoded as glibc's makedev(3)
 * @param size bytes
 * @param blksize bytes that one read or write moves at best
 * @param blocks units of 512 bytes in use
 * @param atime last access
 * @param mtime last change of the data
 * @param ctime last change of the attributes
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
        Timestamp ctime) {}
