package dev.ninepin.session.exchange;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The condition under which a thread stops waiting for a server that is away or silent, although nothing interrupts it:
 * its requests must not be given up while the server may still answer. Each thread has its own; most have none.
 */
public final class WaitCondition {
    /** How often a thread with a condition looks at it, in nanoseconds. */
    public static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final ThreadLocal<@Nullable BooleanSupplier> GIVES_UP = new ThreadLocal<>();

    private WaitCondition() {}

    /** Sets when this thread gives up its waits; null if never. */
    public static void set(final @Nullable BooleanSupplier givesUp) {
        if (givesUp == null) {
            GIVES_UP.remove();
        } else {
            GIVES_UP.set(givesUp);
        }
    }

    /** Returns when this thread gives up its waits; null if never. */
    public static @Nullable BooleanSupplier get() {
        return GIVES_UP.get();
    }

    /** Returns whether this thread has a condition, and so has to look at it while it waits. */
    static boolean isSet() {
        return GIVES_UP.get() != null;
    }

    /** Returns whether this thread is to give up its waits now. */
    static boolean isTrue() {
        final BooleanSupplier condition = GIVES_UP.get();
        return condition != null && condition.getAsBoolean();
    }
}
