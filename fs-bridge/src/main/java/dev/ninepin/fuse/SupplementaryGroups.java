package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The groups of a thread beyond the one that its requests name: the kernel's protocol does not tell them, {@code
 * /proc/TID/status} does.
 */
final class SupplementaryGroups {
    private static final String LABEL = "Groups:";

    private SupplementaryGroups() {}

    /**
     * Of the thread {@code tid}, which waits for its request to be answered. None if it has gone, or is in another PID
     * namespace: the kernel then says 0.
     */
    static Set<Integer> of(final int tid) {
        try {
            return Files.readAllLines(Path.of("/proc", Integer.toString(tid), "status"), ISO_8859_1).stream()
                    .filter(line -> line.startsWith(LABEL))
                    .flatMap(line ->
                            Stream.of(line.substring(LABEL.length()).strip().split(" ")))
                    .filter(group -> !group.isEmpty())
                    .map(Integer::parseUnsignedInt)
                    .collect(Collectors.toUnmodifiableSet());
        } catch (final IOException e) {
            return Set.of();
        }
    }
}
