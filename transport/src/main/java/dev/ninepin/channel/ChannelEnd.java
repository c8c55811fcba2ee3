package dev.ninepin.channel;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The end of a channel and its reason: the channel was closed, or it failed. Keeps only the first failure. Any thread.
 */
public final class ChannelEnd {
    private final String source;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

    /** @param source the channel's source as the user gave it, for messages */
    public ChannelEnd(final String source) {
        this.source = source;
    }

    /** Marks the channel as closed. Returns true on the first call, false on later ones. */
    public boolean close() {
        return closed.compareAndSet(false, true);
    }

    /** Marks the channel as failed for {@code reason}; does nothing after an earlier failure. */
    public void fail(final IOException reason) {
        failure.compareAndSet(null, new IOException(source + ": " + reason.getMessage(), reason));
    }

    /** Returns whether the channel was closed or has failed. */
    public boolean isReached() {
        return closed.get() || failure.get() != null;
    }

    /** Throws {@link #reason} if the channel has ended. */
    public void check() throws IOException {
        if (isReached()) {
            throw reason();
        }
    }

    /** Returns why the channel has ended: a new exception for each caller, with the caller's stack trace. */
    public IOException reason() {
        final @Nullable IOException first = failure.get();
        return closed.get() || first == null
                ? new ChannelClosedException()
                : new IOException(first.getMessage(), first);
    }
}
