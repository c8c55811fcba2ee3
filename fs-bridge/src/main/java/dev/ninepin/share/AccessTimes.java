package dev.ninepin.share;

/** Which reads may change the access time of what is read, on the server. */
public enum AccessTimes {
    /** All; the server decides. */
    SERVER,
    /** Those of files, not those of directories: {@code nodiratime}. */
    FILES,
    /** None: {@code noatime}. */
    NONE;

    boolean changeFor(final boolean directory) {
        return directory ? this == SERVER : this != NONE;
    }
}
