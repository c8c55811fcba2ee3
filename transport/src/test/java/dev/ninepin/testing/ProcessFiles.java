package dev.ninepin.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The open file descriptors of a process, as listed in {@code /proc}. */
final class ProcessFiles {
    private ProcessFiles() {}

    /** Returns the target of each descriptor by its number: a path, or a text such as {@code socket:[123]}. */
    static Map<Integer, String> of(final long pid) throws IOException {
        final Map<Integer, String> open = new TreeMap<>();
        try (Stream<Path> links = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (final Path link : links.toList()) {
                try {
                    open.put(
                            Integer.valueOf(link.getFileName().toString()),
                            Files.readSymbolicLink(link).toString());
                } catch (final NoSuchFileException closedSince) {
                    // The descriptor was closed meanwhile.
                }
            }
        }
        return open;
    }
}
