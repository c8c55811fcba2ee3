package dev.ninepin.share;

/**
 * A file's time.
 *
 * @param seconds since 1970, negative before
 * @param nanos of the second, 0 to 999,999,999
 */
public record Timestamp(long seconds, long nanos) {}
