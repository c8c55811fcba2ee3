package dev.ninepin.daemon.control;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The messages on a control socket. Each connection carries one request and one reply, each a single line of JSON. */
public final class ControlMessages {
    public static final String PING = "ping";
    public static final String STATUS = "status";
    public static final String UNMOUNT = "unmount";
    public static final String RESTART = "restart";

    /** The error of a failed unmount if the mount is in use. */
    public static final String BUSY = "busy";

    /** The error of an invalid or failed request. The reply's message says more. */
    public static final String FAILED = "failed";

    /** A shared instance, because it caches the record types. Building that cache takes longer than a reply. */
    private static final Gson GSON = new GsonBuilder()
            .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
            .disableHtmlEscaping()
            .create();

    /**
     * A request.
     *
     * @param request {@link #PING}, {@link #STATUS}, {@link #UNMOUNT} or {@link #RESTART}
     * @param lazy for {@link #UNMOUNT}: whether to detach the mount even if it is in use
     */
    public record Request(@Nullable String request, boolean lazy) {}

    /**
     * A reply.
     *
     * @param pid the process ID of the daemon
     * @param error {@link #BUSY} or {@link #FAILED}; null on success
     * @param message a description of the error for the user
     * @param status the status; only in a reply to {@link #STATUS}
     * @param copies the other mounts of the file system, which keep the daemon running; only in a reply to {@link
     *     #UNMOUNT}. Null if the mount has ended; empty if something else, such as an open file, keeps it
     */
    public record Reply(
            long pid,
            @Nullable String error,
            @Nullable String message,
            @Nullable MountStatus status,
            @Nullable List<MountStatus.Copy> copies) {

        /** Returns the reply to a request that succeeded. */
        public static Reply done(final long pid) {
            return new Reply(pid, null, null, null, null);
        }

        public static Reply failed(final long pid, final String error, final @Nullable String message) {
            return new Reply(pid, error, message, null, null);
        }

        public static Reply of(final MountStatus status) {
            return new Reply(status.pid(), null, null, status, null);
        }

        /** Returns the reply to an unmount that succeeded although the file system is still in use. */
        public static Reply unmountedButInUse(final long pid, final List<MountStatus.Copy> copies) {
            return new Reply(pid, null, null, null, copies);
        }
    }

    /** Returns a converter that writes component names in snake_case, such as {@code mount_point} for mountPoint. */
    public static Gson gson() {
        return GSON;
    }

    /**
     * Parses a line of JSON.
     *
     * @throws IOException if the line is not a JSON object of this type
     */
    public static <T> T read(final String line, final Class<T> type) throws IOException {
        try {
            final @Nullable T message = gson().fromJson(line, type);
            if (message == null) {
                throw new IOException("an empty line is no message");
            }
            return message;
        } catch (final JsonParseException e) {
            throw new IOException("not a message of this version of ninepin: " + e.getMessage(), e);
        }
    }

    private ControlMessages() {}
}
