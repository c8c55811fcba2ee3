package dev.ninepin.fuse;

import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The groups of a thread beyond the one that its requests name: the kernel's protocol does not tell them, {@link
 * ThreadStatus} does.
 */
final class SupplementaryGroups {
    private SupplementaryGroups() {}

    /**
     * Of the thread {@code tid}, which waits for its request to be answered. None if it has gone, or is in another PID
     * namespace: the kernel then says 0.
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
