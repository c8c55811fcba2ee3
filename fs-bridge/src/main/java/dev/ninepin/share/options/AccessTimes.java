package dev.ninepin.share.options;

/** The reads that may change access times on the server. */
public enum AccessTimes {
    /** All reads; the server decides. */
    SERVER,
    /** Reads of files, but not of directories: {@code nodiratime}. */
    FILES,
    /** No reads: {@code noatime}. */
    NONE;

    /** Returns whether reads of a directory, or else of a file, may change its access time. */
    public boolean changeFor(final boolean directory) {
        return directory ? this == SERVER : this != NONE;
    }
}
