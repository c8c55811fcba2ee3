package dev.ninepin.os;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The status of a thread from {@code /proc/TID/status} (proc(5)). Each line has a label, a colon and a value. Any
 * thread.
 *
 * @param fields the values by label, without surrounding spaces
 */
public record ThreadStatus(Map<String, String> fields) {
    /** The bit of this capability in a set; see capabilities(7). */
    private static final int CAP_SYS_ADMIN = 21;

    /**
     * Reads the status of a thread.
     *
     * @param thread the thread's number in this process's PID namespace
     * @throws IOException if the thread has ended, is in another PID namespace, or is hidden by /proc
     */
    public static ThreadStatus of(final int thread) throws IOException {
        return read(Integer.toString(thread));
    }

    /**
     * Reads the status of this process, regardless of which PID namespace /proc shows.
     *
     * @throws IOException if /proc cannot be read
     */
    public static ThreadStatus ofThisProcess() throws IOException {
        return read("self");
    }

    private static ThreadStatus read(final String directory) throws IOException {
        // A program's name may contain any bytes.
        return of(Files.readAllLines(Path.of("/proc", directory, "status"), ISO_8859_1));
    }

    /** Parses the lines of a status file. */
    public static ThreadStatus of(final List<String> lines) {
        final Map<String, String> fields = new HashMap<>();
        for (final String line : lines) {
            final int colon = line.indexOf(':');
            if (colon >= 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        return new ThreadStatus(Map.copyOf(fields));
    }

    /** Returns the value with this label, or empty if there is none. */
    public Optional<String> field(final String label) {
        return Optional.ofNullable(fields.get(label));
    }

    /**
     * Returns a number from the value with this label.
     *
     * @param index the position of the number, from 0; in {@code Uid}, 1 is the effective user
     * @throws IOException if there is no such value
     */
    public long number(final String label, final int index) throws IOException {
        final String value = field(label).orElseThrow(() -> new IOException("the status in /proc has no " + label));
        return Long.parseLong(value.split("\\s+", -1)[index]);
    }

    /** Returns whether the thread has CAP_SYS_ADMIN, which mounting requires; true if the status does not tell. */
    public boolean mayMount() {
        return field("CapEff")
                .map(capabilities -> ((Long.parseUnsignedLong(capabilities, 16) >> CAP_SYS_ADMIN) & 1) == 1)
                .orElse(true);
    }
}
