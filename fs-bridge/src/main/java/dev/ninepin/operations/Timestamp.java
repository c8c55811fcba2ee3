package dev.ninepin.operations;

/**
 * A time of a file.
 *
 * @param seconds the seconds since 1970, negative for earlier times
 * @param nanos the nanoseconds within the second, 0 to 999,999,999
 */
public record Timestamp(long seconds, long nanos) {
    private static final long LAST_NANO = 999_999_999;

    /** Returns a server's time with its nanoseconds forced into the valid range. */
    public static Timestamp within(final long seconds, final long nanos) {
        return new Timestamp(seconds, Math.min(Math.max(nanos, 0), LAST_NANO));
    }
}
