package dev.ninepin.operations;

import java.time.Duration;

/**
 * How long the kernel may use what it was told, without a request.
 *
 * @param attributes how long a file's attributes are valid
 * @param names how long a name that exists is valid
 * @param absences how long a missing name is valid
 */
public record Timeouts(Duration attributes, Duration names, Duration absences) {
    /** Returns the timeouts of a cache mode. */
    public static Timeouts of(final CacheMode cache) {
        return new Timeouts(cache.attributes(), cache.attributes(), cache.absences());
    }
}
