package dev.ninepin.share;

/**
 * A file's time.
 *
 * @param seconds since 1970, negative before
 * @param nanos of the second, 0 to 999,999,999
 */
public record Timestamp(long seconds, long nanos) {
    private static final long LAST_NANO = 999_999_999;

    /** The time that a server gives, whose nanoseconds may be anything. */
    static Timestamp within(final long seconds, final long nanos) {
        return new Timestamp(seconds, Math.min(Math.max(nanos, 0), LAST_NANO));
    }
}
