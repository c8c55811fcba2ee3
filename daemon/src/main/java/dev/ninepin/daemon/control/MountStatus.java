package dev.ninepin.daemon.control;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The status of one mount, which {@code ninepin status} shows. The component names in snake_case are the names in the
 * JSON. They are documented in {@code docs/status.md} and must not change.
 *
 * @param source the source, in the text form of {@code Source}
 * @param mountPoint the directory
 * @param state {@link #CONNECTED}, {@link #SILENT}, {@link #RECONNECTING}, {@link #DISCONNECTED} or {@link #UNMOUNTING}
 * @param since the time at which the mount became usable, in ISO 8601, UTC
 * @param restarted the time at which the daemon's program was replaced last, in ISO 8601, UTC; null if it never was
 * @param silentSince when the server's silence began, in ISO 8601, UTC; null unless the server is silent
 * @param disconnectedSince the time at which the connection ended unexpectedly, in ISO 8601, UTC; null while it lasts
 * @param disconnectReason the reason for that end; null while the connection lasts
 * @param reconnectTries the number of attempts to connect that have failed since; null while the connection lasts
 * @param reconnectFailure the reason for which the last of these attempts has failed; null if none has
 * @param reconnectNext the time of the next attempt, in ISO 8601, UTC; null during an attempt, and if none follows
 * @param pid the process ID of the daemon
 * @param ninepinVersion the version of the daemon
 * @param log the daemon's log file; null if it logs to its standard error, or not at all
 * @param options the value of {@code -o}, as given
 * @param connection the kernel's number of the FUSE connection
 * @param copies the other mounts of the same file system; null if the daemon is too old to report them
 */
public record MountStatus(
        String source,
        String mountPoint,
        String state,
        String since,
        @Nullable String restarted,
        @Nullable String silentSince,
        @Nullable String disconnectedSince,
        @Nullable String disconnectReason,
        @Nullable Integer reconnectTries,
        @Nullable String reconnectFailure,
        @Nullable String reconnectNext,
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

    /** The state of a mount with a connection to its server. */
    public static final String CONNECTED = "connected";

    /** The state of a mount whose server sends nothing although requests wait, or have failed because of that. */
    public static final String SILENT = "silent";

    /** The state of a mount whose connection to the server has ended, and that opens another one. Requests wait. */
    public static final String RECONNECTING = "reconnecting";

    /** The state of a mount whose session with the server has ended. Requests to the server fail. */
    public static final String DISCONNECTED = "disconnected";

    /**
     * The state of a mount that has been detached from its directory, or is about to be. Copies or open files may keep
     * it alive.
     */
    public static final String UNMOUNTING = "unmounting";

    /**
     * Another mount of the same file system: a bind mount, or a copy in another mount namespace.
     *
     * @param mountPoint the directory, as seen in that namespace
     * @param pid a process in that namespace; null if it is the daemon's own namespace
     * @param command the command name of that process; null if {@code pid} is
     */
    public record Copy(
            String mountPoint, @Nullable Long pid, @Nullable String command) {
        /** Returns a description of the location, for messages. */
        public String describe() {
            return pid == null
                    ? mountPoint
                    : mountPoint + " in the mount namespace of process " + pid + " (" + command + ")";
        }
    }

    /**
     * The state of the 9P session.
     *
     * @param version the negotiated protocol version
     * @param msize the maximum message size, in bytes
     * @param requestsInFlight the number of requests without a reply
     * @param oldestRequestMs the age of the oldest request in flight, in ms; 0 if there is none
     * @param tagsUsed the number of tags in use
     * @param tagsMax the maximum number of tags
     * @param fidsUsed the number of fids that the server holds for this session
     * @param fidsMax the maximum number of fids
     * @param strayReplies the number of replies that matched no request
     * @param bytesRead the number of bytes in Rread replies
     * @param bytesWritten the number of bytes in Twrite requests
     * @param messages statistics of round trips, one entry per message type
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
     * The channel to the server.
     *
     * @param kind the scheme of the source
     * @param device the device, path or address of the server
     * @param details {@code mount_tag}, {@code queue_size} and the like; the keys depend on the kind
     */
    public record ChannelState(String kind, String device, Map<String, String> details) {}

    /**
     * The requests of the kernel.
     *
     * @param requestsInProgress the number of requests without a reply
     * @param oldestRequestMs the age of the oldest of these, in ms; 0 if there is none
     * @param bytesRead the number of bytes that programs have read
     * @param bytesWritten the number of bytes that programs have written
     * @param operations statistics of whole file operations, one entry per operation
     */
    public record Files(
            int requestsInProgress,
            double oldestRequestMs,
            long bytesRead,
            long bytesWritten,
            List<Operation> operations) {}

    /**
     * Statistics of one kind of operation since the mount began.
     *
     * @param count the number of operations that have ended, including failures
     * @param errors the number of failures
     * @param medianUs the median latency in microseconds
     * @param p99Us the 99th percentile of the latency, in microseconds
     */
    public record Operation(String name, long count, long errors, double medianUs, double p99Us) {}

    /**
     * The state of the daemon's JVM. All sizes are in bytes.
     *
     * @param version the version of Java
     * @param heapUsed the heap in use, including garbage
     * @param heapCommitted the heap that the JVM has reserved from the system
     * @param heapMax the maximum heap size
     * @param residentBytes the resident memory of the whole process (VmRSS); 0 if unknown
     * @param gcCount the number of garbage collections
     * @param gcTimeMs the total duration of the garbage collections, in ms
     * @param threads the number of live threads
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
