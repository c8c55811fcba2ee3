package dev.ninepin.daemon;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ninepin status} shows of one mount. The names of the components, in snake_case, are the names in JSON:
 * they are documented in {@code docs/status.md} and stay.
 *
 * @param source as {@link Source} writes it
 * @param mountPoint the directory
 * @param state {@link #CONNECTED}, {@link #DISCONNECTED} or {@link #UNMOUNTING}
 * @param since when the mount became usable, in ISO 8601, UTC
 * @param disconnectedSince when the session with the server ended by itself, in ISO 8601, UTC; null while it lasts
 * @param disconnectReason why it ended; null while it lasts
 * @param pid the process that serves it
 * @param ninepinVersion the version of that process
 * @param log where that process writes its log; null if to its standard error, or nowhere
 * @param options the value of {@code -o}, as it was given
 * @param connection the kernel's number for the FUSE connection
 * @param copies where the same file system is mounted beside {@code mountPoint}; null if an older daemon does not say
 */
public record MountStatus(
        String source,
        String mountPoint,
        String state,
        String since,
        @Nullable String disconnectedSince,
        @Nullable String disconnectReason,
        long pid,
        String ninepinVersion,
        @Nullable String log,
        String options,
        int connection,
        @Nullable List<Copy> copies,
        Protocol protocol,
        ChannelState channel,
        Files files,
        Jvm jvm) {

    /** Requests can be answered. */
    public static final String CONNECTED = "connected";

    /** The server is gone: what is asked of it fails. */
    public static final String DISCONNECTED = "disconnected";

    /** It is not mounted on its directory any more, or is about to be unmounted; copies and open files keep it. */
    public static final String UNMOUNTING = "unmounting";

    /**
     * Another mount of the same file system: a bind mount, or a copy in another mount namespace.
     *
     * @param mountPoint the directory, as processes in that namespace see it
     * @param pid a process in that namespace; null if it is the daemon's namespace
     * @param command the name of that process
     */
    public record Copy(
            String mountPoint, @Nullable Long pid, @Nullable String command) {
        /** Returns where it is, in words. */
        public String describe() {
            return pid == null
                    ? mountPoint
                    : mountPoint + " in the mount namespace of process " + pid + " (" + command + ")";
        }
    }

    /**
     * The 9P session.
     *
     * @param version that both sides agreed to
     * @param msize the largest message, in bytes
     * @param requestsInFlight sent, not yet answered
     * @param oldestRequestMs the age of the oldest of them in ms; 0 if there is none
     * @param tagsUsed of {@code tagsMax}
     * @param fidsUsed of {@code fidsMax}, held at the server
     * @param strayReplies that nobody waited for
     * @param bytesRead in Rread
     * @param bytesWritten in Twrite
     * @param messages round trips by message
     */
    public record Protocol(
            String version,
            int msize,
            int requestsInFlight,
            double oldestRequestMs,
            int tagsUsed,
            int tagsMax,
            int fidsUsed,
            int fidsMax,
            long strayReplies,
            long bytesRead,
            long bytesWritten,
            List<Operation> messages) {}

    /**
     * The way to the server.
     *
     * @param kind the scheme of the source
     * @param device what it leads to
     * @param details {@code mount_tag}, {@code queue_size} and the like; which there are depends on the kind
     */
    public record ChannelState(String kind, String device, Map<String, String> details) {}

    /**
     * What the kernel asked for.
     *
     * @param requestsInProgress asked, not yet answered
     * @param oldestRequestMs the age of the oldest of them in ms; 0 if there is none
     * @param bytesRead by programs
     * @param bytesWritten by programs
     * @param operations whole file operations by name
     */
    public record Files(
            int requestsInProgress,
            double oldestRequestMs,
            long bytesRead,
            long bytesWritten,
            List<Operation> operations) {}

    /**
     * One kind of operation since the mount began.
     *
     * @param count ended, in success or not
     * @param errors of them, those that failed
     * @param medianUs half of them took at most so many microseconds
     * @param p99Us 99 of 100 took at most so many microseconds
     */
    public record Operation(String name, long count, long errors, double medianUs, double p99Us) {}

    /**
     * The Java process. Sizes in bytes.
     *
     * @param version of Java
     * @param heapUsed by objects, garbage included
     * @param heapCommitted taken from the system
     * @param heapMax it may take
     * @param residentBytes of the whole process in memory (VmRSS)
     * @param gcCount collections so far
     * @param gcTimeMs spent in them
     * @param threads alive
     */
    public record Jvm(
            String version,
            long heapUsed,
            long heapCommitted,
            long heapMax,
            long residentBytes,
            long gcCount,
            long gcTimeMs,
            int threads) {}
}
