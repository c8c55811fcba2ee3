package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the kernel tells of a thread in {@code /proc/TID/status} (proc(5)): lines of a label, a colon and a value.
 *
 * @param fields the values without spaces around them, by label
 */
record ThreadStatus(Map<String, String> fields) {
    /**
     * Of a thread, by its number in the name space of this process.
     *
     * @throws IOException if there is none: it has ended, is in another name space, or /proc hides it
     */
    static ThreadStatus of(final int thread) throws IOException {
        return read(Integer.toString(thread));
    }

    /** Of this process, whichever name space /proc shows. */
    static ThreadStatus ofThisProcess() throws IOException {
        return read("self");
    }

    private static ThreadStatus read(final String directory) throws IOException {
        // The name of a program may have any bytes.
        return of(Files.readAllLines(Path.of("/proc", directory, "status"), ISO_8859_1));
    }

    static ThreadStatus of(final List<String> lines) {
        final Map<String, String> fields = new HashMap<>();
        for (final String line : lines) {
            final int colon = line.indexOf(':');
            if (colon >= 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        return new ThreadStatus(Map.copyOf(fields));
    }

    Optional<String> field(final String label) {
        return Optional.ofNullable(fields.get(label));
    }
}
