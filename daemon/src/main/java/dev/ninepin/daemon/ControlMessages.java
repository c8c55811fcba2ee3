package dev.ninepin.daemon;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What goes over the control socket: one request and one reply per connection, each one line of JSON. */
public final class ControlMessages {
    static final String PING = "ping";
    static final String STATUS = "status";
    static final String UNMOUNT = "unmount";

    /** An error: somebody uses the mount. */
    static final String BUSY = "busy";

    /** An error: the request makes no sense, or failed; the reply's text says more. */
    static final String FAILED = "failed";

    /** Made once: it learns the records, which takes longer than an answer does. */
    private static final Gson GSON = new GsonBuilder()
            .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
            .disableHtmlEscaping()
            .create();

    /**
     * A request.
     *
     * @param request {@link #PING}, {@link #STATUS} or {@link #UNMOUNT}
     * @param lazy of an unmount: take the mount away from its directory even if it is in use
     */
    record Request(@Nullable String request, boolean lazy) {}

    /**
     * A reply.
     *
     * @param pid the daemon's
     * @param error {@link #BUSY} or {@link #FAILED}; null if the request was carried out
     * @param message what to tell a person about the error
     * @param status only to {@link #STATUS}
     * @param copies only to {@link #UNMOUNT}: where the file system is still mounted; null if it has ended, and empty if
     *     something else keeps it, such as an open file
     */
    record Reply(
            long pid,
            @Nullable String error,
            @Nullable String message,
            @Nullable MountStatus status,
            @Nullable List<MountStatus.Copy> copies) {

        /** The request was carried out. */
        static Reply done(final long pid) {
            return new Reply(pid, null, null, null, null);
        }

        static Reply failed(final long pid, final String error, final @Nullable String message) {
            return new Reply(pid, error, message, null, null);
        }

        static Reply of(final MountStatus status) {
            return new Reply(status.pid(), null, null, status, null);
        }

        /** It was unmounted, but lives on. */
        static Reply livesOn(final long pid, final List<MountStatus.Copy> copies) {
            return new Reply(pid, null, null, null, copies);
        }
    }

    /** Writes and reads names as they are documented, {@code mount_point} for mountPoint. */
    public static Gson gson() {
        return GSON;
    }

    /**
     * Reads a line of JSON.
     *
     * @throws IOException if it is none, or not of this type
     */
    static <T> T read(final String line, final Class<T> type) throws IOException {
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
