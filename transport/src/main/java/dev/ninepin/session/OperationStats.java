package dev.ninepin.session;

/**
 * How one kind of operation has fared since the mount began.
 *
 * @param name of the operation: a message such as {@code Tgetattr}, or a file operation such as {@code getattr}
 * @param count ended, in success or not
 * @param errors of them, those that failed
 * @param medianNanos half of them took at most so long
 * @param p99Nanos 99 in 100 of them took at most so long
 */
public record OperationStats(String name, long count, long errors, long medianNanos, long p99Nanos) {}
