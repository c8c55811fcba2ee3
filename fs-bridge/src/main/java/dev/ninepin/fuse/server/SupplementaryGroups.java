package dev.ninepin.fuse.server;

import dev.ninepin.os.ThreadStatus;
import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The supplementary groups of a thread, from its {@link ThreadStatus}. A FUSE request carries only one group ID. */
final class SupplementaryGroups {
    private SupplementaryGroups() {}

    /**
     * Returns the supplementary groups of the thread {@code tid}, which waits for the reply to its request. Returns
     * none if the thread has ended. Returns none if it is in another PID namespace, for which the kernel passes 0.
     */
    static Set<Integer> of(final int tid) {
        try {
            return Stream.of(ThreadStatus.of(tid).field("Groups").orElse("").split(" "))
                    .filter(group -> !group.isEmpty())
                    .map(Integer::parseUnsignedInt)
                    .collect(Collectors.toUnmodifiableSet());
        } catch (final IOException e) {
            return Set.of();
        }
    }
}
