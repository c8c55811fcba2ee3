package dev.ninepin.virtio;

import dev.ninepin.channel.ChannelClosedException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Whether a channel has ended, and why: it was closed, or else it failed, for the first reason given. Any thread. */
final class ChannelEnd {
    private final String source;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

    /** @param source what the user knows the channel by, for messages */
    ChannelEnd(final String source) {
        this.source = source;
    }

    /** Closes; whether this was the first time. */
    boolean close() {
        return closed.compareAndSet(false, true);
    }

    void fail(final IOException reason) {
        failure.compareAndSet(null, new IOException(source + ": " + reason.getMessage(), reason));
    }

    boolean isReached() {
        return closed.get() || failure.get() != null;
    }

    /** Throws if it is reached. */
    void check() throws IOException {
        if (isReached()) {
            throw reason();
        }
    }

    /** Why it is reached: an exception of its own for each caller, with the caller's stack. */
    IOException reason() {
        final @Nullable IOException first = failure.get();
        return closed.get() || first == null
                ? new ChannelClosedException()
                : new IOException(first.getMessage(), first);
    }
}
