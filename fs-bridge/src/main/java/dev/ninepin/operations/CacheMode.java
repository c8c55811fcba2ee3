package dev.ninepin.operations;

import java.time.Duration;

/**
 * The values of the mount option {@code cache=}, with the names that {@code mount -t 9p} uses. {@link Timeouts} may differ
 * from those of the mode.
 */
public enum CacheMode {
    /**
     * Nothing is cached: every name and attribute is requested again, and a write reaches the server before write(2)
     * returns.
     */
    NONE(Duration.ZERO, Duration.ZERO),

    /**
     * Close-to-open consistency: an open on this mount sees all data of files that other clients have closed before.
     * Names, missing names and attributes may be 1 s old. All writes reach the server before close(2) or fsync(2)
     * returns, and these report a failure. If both sides write a file while it is open on this mount, the first open
     * after its close sees the new data.
     */
    OPEN(Duration.ofSeconds(1), Duration.ofSeconds(1)),

    /** The share is used by this mount only: names, missing names and attributes stay cached. */
    LOOSE(Duration.ofDays(1), Duration.ofDays(1));

    private final Duration attributes;
    private final Duration absences;

    CacheMode(final Duration attributes, final Duration absences) {
        this.attributes = attributes;
        this.absences = absences;
    }

    /** Returns how long a name and its attributes are valid without a request. */
    public Duration attributes() {
        return attributes;
    }

    /** Returns how long a missing name is valid without a request. */
    public Duration absences() {
        return absences;
    }
}
