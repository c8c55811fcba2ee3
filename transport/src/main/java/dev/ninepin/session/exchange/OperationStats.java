package dev.ninepin.session.exchange;

/**
 * The statistics of one kind of operation since the mount began.
 *
 * @param name the operation's name: a message such as {@code Tgetattr}, or a file operation such as {@code getattr}
 * @param count the operations that ended, successful or not
 * @param errors how many of them failed
 * @param medianNanos the median latency, in nanoseconds
 * @param p99Nanos the latency that 99 % of the operations did not exceed, in nanoseconds
 */
public record OperationStats(String name, long count, long errors, long medianNanos, long p99Nanos) {}
