package dev.ninepin.daemon.life;

import java.util.List;
import java.util.Optional;

/**
 * Recognises errors caused by the limit on processes and threads, which the kernel counts per user (RLIMIT_NPROC) and
 * per control group. The error text comes from whichever component needed one more thread or process.
 */
public final class ProcessLimit {
    /** Error texts of the JVM for a thread, of its process builder for fork(2), and of QEMU for a thread. */
    private static final List<String> SIGNS = List.of(
            "unable to create native thread",
            "error=11, Resource temporarily unavailable",
            "qemu_thread_create: Resource temporarily unavailable");

    private static final String SENTENCE = "the limit on processes and threads is reached: end some, or raise the limit"
            + " (ulimit -u; under systemd LimitNPROC= and TasksMax=)";

    /** Returns a message for the user if {@code failure} or one of its causes shows that the limit is reached. */
    public static Optional<String> sentence(final Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            final Optional<String> found = sentence(String.valueOf(cause.getMessage()));
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** Returns a message for the user if {@code words}, the output of a process, show that the limit is reached. */
    static Optional<String> sentence(final String words) {
        return SIGNS.stream().anyMatch(words::contains) ? Optional.of(SENTENCE) : Optional.empty();
    }

    private ProcessLimit() {}
}
