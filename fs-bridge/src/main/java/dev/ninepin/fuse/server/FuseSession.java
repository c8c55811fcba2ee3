package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.FuseArguments;
import dev.ninepin.operations.FileOperations;
import java.io.IOException;
import java.util.function.ToIntFunction;

/**
 * A libfuse session over a mounted channel: the {@link Callbacks} that decode its requests, and the {@link Workers} that
 * run them. The workers know the callbacks; the callbacks know no workers.
 *
 * @param workers not started yet
 */
public record FuseSession(Callbacks callbacks, Workers workers) {
    /**
     * Creates a session. Its workers destroy it and {@code channel} when they end.
     *
     * @param arguments the arguments that {@code fuse_mount} has left
     * @param channel a channel that belongs to no session
     * @param errnoOf translates an exception of {@code files} into an errno
     * @param mayMapUncached as in {@link Negotiation}
     * @throws IOException if libfuse cannot create the session; the channel is then still the caller's
     */
    public static FuseSession create(
            final LibFuse fuse,
            final FuseArguments arguments,
            final long channel,
            final FileOperations files,
            final ToIntFunction<Throwable> errnoOf,
            final boolean mayMapUncached)
            throws IOException {
        final Notifications kernel = new Notifications(fuse, channel);
        final Negotiation negotiation = new Negotiation(fuse, channel, files.cache(), files.timeouts(), mayMapUncached);
        final Timer timer = new Timer();
        final RequestSlots slots = new RequestSlots();
        final Callbacks callbacks = new Callbacks(
                fuse,
                files,
                errnoOf,
                kernel,
                new Interrupts(timer, slots),
                new LateReplies(timer),
                negotiation::canMapUncached);
        final long session = fuse.fuse_lowlevel_new(arguments.pointer(), callbacks.table(), callbacks.tableSize(), 0);
        if (session == 0) {
            throw new IOException("libfuse could not create a session");
        }
        fuse.fuse_session_add_chan(session, channel);
        return new FuseSession(
                callbacks, new Workers(fuse, session, channel, callbacks, files, negotiation, kernel, slots, timer));
    }
}
