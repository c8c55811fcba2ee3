package dev.ninepin.daemon;

import java.util.List;
import java.util.Optional;

/**
 * The limit on processes and threads, which the kernel counts for a user (RLIMIT_NPROC) and for a control group.
 * Reaching it shows in the words of whatever needed one more.
 */
public final class ProcessLimit {
    /** What the JVM says of a thread, its process builder of fork(2), and QEMU of a thread of its own. */
    private static final List<String> SIGNS = List.of(
            "unable to create native thread",
            "error=11, Resource temporarily unavailable",
            "qemu_thread_create: Resource temporarily unavailable");

    private static final String SENTENCE = "the limit on processes and threads is reached: end some, or raise the limit"
            + " (ulimit -u; under systemd LimitNPROC= and TasksMax=)";

    /** What to tell a person, if {@code failure} or a cause of it means that the limit is reached. */
    public static Optional<String> sentence(final Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            final Optional<String> found = sentence(String.valueOf(cause.getMessage()));
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** What to tell a person, if {@code words}, which a process wrote, mean that the limit is reached. */
    static Optional<String> sentence(final String words) {
        return SIGNS.stream().anyMatch(words::contains) ? Optional.of(SENTENCE) : Optional.empty();
    }

    private ProcessLimit() {}
}
