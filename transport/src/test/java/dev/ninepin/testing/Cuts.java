package dev.ninepin.testing;

import dev.ninepin.p9.Tmessage;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The plan of the next cut of a {@link CuttingChannel}, and the record of the requests that were sent. Any thread. */
public final class Cuts {
    /** When a channel breaks. */
    public enum Moment {
        /** The server does not receive the request. */
        BEFORE_ARRIVAL,
        /** The server has carried out the request, and the client does not receive the answer. */
        BEFORE_ANSWER
    }

    private record Cut(Class<? extends Tmessage> kind, Moment moment) {}

    private final AtomicReference<@Nullable Cut> next = new AtomicReference<>();
    private final Set<Class<? extends Tmessage>> sent = ConcurrentHashMap.newKeySet();
    private final AtomicInteger made = new AtomicInteger();

    /** Plans one cut at the next request of a kind. */
    public void plan(final Class<? extends Tmessage> kind, final Moment moment) {
        next.set(new Cut(kind, moment));
    }

    /** Gives up the planned cut. Returns whether it was still to be made. */
    public boolean cancel() {
        return next.getAndSet(null) != null;
    }

    /** Begins a new record of what is sent. */
    public void record() {
        sent.clear();
    }

    /** Returns the kinds of requests that were sent since {@link #record}. */
    public Set<Class<? extends Tmessage>> sent() {
        return Set.copyOf(sent);
    }

    /** Returns how many cuts were made. */
    public int made() {
        return made.get();
    }

    /** Returns the moment of the cut for a request; null if no cut is planned at it. Ends the plan. */
    @Nullable
    Moment take(final Tmessage request) {
        sent.add(request.getClass());
        final Cut planned = next.get();
        if (planned == null || !planned.kind().isInstance(request) || !next.compareAndSet(planned, null)) {
            return null;
        }
        made.incrementAndGet();
        return planned.moment();
    }
}
