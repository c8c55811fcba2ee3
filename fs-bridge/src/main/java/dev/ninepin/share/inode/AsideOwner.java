package dev.ninepin.share.inode;

/** The user who put an open file aside, and who removes it when it is closed. Any thread. */
public interface AsideOwner {
    /** Returns the server ID of the user. */
    int user();

    /** Removes a file that was put aside. The caller holds the exclusive lock of its names. */
    void remove(Inode inode);
}
