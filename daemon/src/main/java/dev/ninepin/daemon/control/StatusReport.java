package dev.ninepin.daemon.control;

import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.fuse.FuseStatus;
import dev.ninepin.fuse.mount.MountCopy;
import dev.ninepin.os.ThreadStatus;
import dev.ninepin.session.SessionStatus;
import dev.ninepin.session.exchange.OperationStats;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Converts the statistics of each layer to the parts of a {@link MountStatus}. */
public final class StatusReport {
    public static List<MountStatus.Copy> copies(final List<MountCopy> copies) {
        return copies.stream()
                .map(copy -> new MountStatus.Copy(copy.mountPoint(), copy.pid(), copy.command()))
                .toList();
    }

    public static MountStatus.Protocol protocol(final SessionStatus session) {
        return new MountStatus.Protocol(
                session.version(),
                session.msize(),
                session.requestsInFlight(),
                millis(session.oldestRequestNanos()),
                session.tagsUsed(),
                session.tagsMax(),
                session.fidsUsed(),
                session.fidsMax(),
                session.strayReplies(),
                session.bytesRead(),
                session.bytesWritten(),
                operations(session.messages()));
    }

    public static MountStatus.ChannelState channel(final ChannelInfo info) {
        return new MountStatus.ChannelState(info.kind(), info.device(), new LinkedHashMap<>(info.details()));
    }

    public static MountStatus.Files files(final FuseStatus fuse) {
        return new MountStatus.Files(
                fuse.requestsInProgress(),
                millis(fuse.oldestRequestNanos()),
                fuse.bytesRead(),
                fuse.bytesWritten(),
                operations(fuse.operations()));
    }

    public static MountStatus.Jvm jvm() {
        final MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        long collections = 0;
        long collectionMillis = 0;
        for (final GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += Math.max(0, collector.getCollectionCount());
            collectionMillis += Math.max(0, collector.getCollectionTime());
        }
        return new MountStatus.Jvm(
                Runtime.version().toString(),
                heap.getUsed(),
                heap.getCommitted(),
                heap.getMax(),
                residentBytes(),
                collections,
                collectionMillis,
                ManagementFactory.getThreadMXBean().getThreadCount());
    }

    /** Returns the resident memory of this process in bytes; 0 if unknown. */
    private static long residentBytes() {
        try {
            return ThreadStatus.ofThisProcess().number("VmRSS", 0) * 1024;
        } catch (final IOException e) {
            return 0;
        }
    }

    private static List<MountStatus.Operation> operations(final List<OperationStats> stats) {
        return stats.stream()
                .map(each -> new MountStatus.Operation(
                        each.name(),
                        each.count(),
                        each.errors(),
                        tenths(each.medianNanos(), TimeUnit.MICROSECONDS),
                        tenths(each.p99Nanos(), TimeUnit.MICROSECONDS)))
                .toList();
    }

    private static double millis(final long nanos) {
        return tenths(nanos, TimeUnit.MILLISECONDS);
    }

    /** Converts {@code nanos} to {@code unit}, rounded to one decimal. */
    private static double tenths(final long nanos, final TimeUnit unit) {
        return Math.round(nanos * 10.0 / unit.toNanos(1)) / 10.0;
    }

    private StatusReport() {}
}
