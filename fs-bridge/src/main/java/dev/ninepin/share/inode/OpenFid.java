package dev.ninepin.share.inode;

/**
 * A fid that was opened for I/O.
 *
 * @param fid the fid's number
 * @param iounit the server's iounit for the fid, in bytes; 0 if it gave none
 */
public record OpenFid(int fid, int iounit) {}
