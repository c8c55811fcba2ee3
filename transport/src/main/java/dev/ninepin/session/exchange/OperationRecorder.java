package dev.ninepin.session.exchange;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** A counter of operations and their latencies, by operation name. Any thread may call any method; none blocks. */
public final class OperationRecorder {
    /** The precision of the latencies. Latencies over an hour are recorded as an hour. */
    private static final int SIGNIFICANT_DIGITS = 2;

    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);

    private final Map<String, Operation> operations = new ConcurrentHashMap<>();

    /** Records an operation that ended {@code nanos} after it began. */
    public void record(final String name, final long nanos, final boolean failed) {
        final Operation operation = operations.computeIfAbsent(name, ignored -> new Operation());
        operation.latencies.recordValue(Math.max(0, Math.min(nanos, LONGEST_NANOS)));
        if (failed) {
            operation.errors.increment();
        }
    }

    /** Returns the statistics of all operations, sorted by name. */
    public List<OperationStats> snapshot() {
        return operations.entrySet().stream()
                .map(entry -> entry.getValue().stats(entry.getKey()))
                .sorted(Comparator.comparing(OperationStats::name))
                .toList();
    }

    private static final class Operation {
        private final Histogram latencies = new ConcurrentHistogram(LONGEST_NANOS, SIGNIFICANT_DIGITS);
        private final LongAdder errors = new LongAdder();

        /**
         * Reads the percentiles from the histogram while others record. A copy of it would cost most of the time of a
         * status. Each counter is incremented before their total (HdrHistogram's ConcurrentHistogram), so that the
         * counters always reach the part of the total that is asked for.
         */
        private OperationStats stats(final String name) {
            return new OperationStats(
                    name,
                    latencies.getTotalCount(),
                    errors.sum(),
                    latencies.getValueAtPercentile(50),
                    latencies.getValueAtPercentile(99));
        }
    }
}
