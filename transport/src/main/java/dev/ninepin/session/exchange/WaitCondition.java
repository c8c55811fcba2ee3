package dev.ninepin.session.exchange;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A condition that ends a thread's waits for a lost or mute server. Unlike an interrupt, it does not give up requests
 * that the server may still answer. Each thread has its own condition or none.
 */
public final class WaitCondition {
    /** The interval at which a waiting thread checks its condition, in nanoseconds. */
    public static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final ThreadLocal<@Nullable BooleanSupplier> GIVES_UP = new ThreadLocal<>();

    private WaitCondition() {}

    /** The time for which a condition ends the waits of a thread. Closed by the same thread. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** Sets the condition of this thread until the scope is closed, which restores the earlier one. */
    public static Scope begin(final BooleanSupplier givesUp) {
        final BooleanSupplier before = GIVES_UP.get();
        GIVES_UP.set(givesUp);
        return () -> {
            if (before == null) {
                GIVES_UP.remove();
            } else {
                GIVES_UP.set(before);
            }
        };
    }

    /** Returns the condition of this thread; null if it has none. */
    public static @Nullable BooleanSupplier get() {
        return GIVES_UP.get();
    }

    /** Returns whether this thread has a condition. */
    static boolean isSet() {
        return GIVES_UP.get() != null;
    }

    /** Returns whether the condition of this thread is true. */
    static boolean isTrue() {
        final BooleanSupplier condition = GIVES_UP.get();
        return condition != null && condition.getAsBoolean();
    }
}
