package dev.ninepin.share.path;

import dev.ninepin.os.SeparateCall;
import dev.ninepin.session.exchange.WaitCondition;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * A runner of actions that must not be left half done. An interrupt cancels the request that a thread waits for, and
 * the client does not learn whether the server has carried it out. (diod drops the reply if the Tflush arrives in
 * time.) So each action gets a new thread that nothing interrupts. That is too slow for frequent operations.
 */
public final class Uninterrupted {
    private Uninterrupted() {}

    /** An action that must complete. */
    @FunctionalInterface
    public interface Action {
        void run() throws IOException;
    }

    /**
     * Runs an action, and blocks until it has ended. An interrupt meanwhile does not end this wait, but ends the
     * action's waits for a connection. The calling thread's interrupt status is then set on return.
     *
     * @throws IOException the action's exception
     */
    public static void run(final Action action) throws IOException {
        final AtomicBoolean interrupted = new AtomicBoolean();
        final BooleanSupplier outer = WaitCondition.get();
        SeparateCall.start("ninepin-uninterrupted", () -> {
                    try (WaitCondition.Scope scope =
                            WaitCondition.begin(() -> interrupted.get() || (outer != null && outer.getAsBoolean()))) {
                        action.run();
                    }
                })
                .awaitUninterruptibly(() -> interrupted.set(true));
    }
}
