package dev.ninepin.share;

import java.time.Duration;

/** What {@code cache=} promises, in the words that users of {@code mount -t 9p} know. */
public enum CacheMode {
    /** Every name and attribute is asked of the server again; writes reach it before write(2) returns. */
    NONE(Duration.ZERO, Duration.ZERO),

    /**
     * Close-to-open: what was closed there is seen by the next open here; names and attributes may be 1 s old. A file that
     * is written on both sides while it is open here is seen anew by the first open after its close.
     */
    OPEN(Duration.ofSeconds(1), Duration.ZERO),

    /** The share is ours alone: names, absences and attributes stay known. */
    LOOSE(Duration.ofDays(1), Duration.ofDays(1));

    private final Duration attributes;
    private final Duration absences;

    CacheMode(final Duration attributes, final Duration absences) {
        this.attributes = attributes;
        this.absences = absences;
    }

    /** How long a name and its attributes may be believed without asking. */
    public Duration attributes() {
        return attributes;
    }

    /** How long "there is no such name" may be believed without asking. */
    public Duration absences() {
        return absences;
    }
}
