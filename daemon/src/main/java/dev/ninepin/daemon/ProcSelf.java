package dev.ninepin.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Scanner;

/** What the kernel says of this process. Source: proc_pid_status(5). */
final class ProcSelf {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path UPTIME = Path.of("/proc/uptime");

    /** The number of a field of {@link #STAT}, counted from 1. */
    private static final int START_TIME = 22;

    /** In which times are shown to programs, whatever the kernel's own ticks are. */
    private static final int TICKS_PER_SECOND = 100;

    /**
     * A number of the field {@code name}.
     *
     * @param index counted from 0: of {@code Uid}, 1 is the effective user
     * @throws IOException if there is no such field, or none of the kind
     */
    static long number(final String name, final int index) throws IOException {
        try (var lines = Files.lines(STATUS)) {
            final String field = lines.filter(line -> line.startsWith(name + ":"))
                    .findFirst()
                    .orElseThrow(() -> new IOException(STATUS + " has no " + name));
            try (Scanner words = new Scanner(field.substring(name.length() + 1))) {
                for (int i = 0; i < index; i++) {
                    words.next();
                }
                return words.nextLong();
            }
        }
    }

    /** Returns when this process was started, to a hundredth of a second. Source: proc_pid_stat(5), proc_uptime(5). */
    static Instant started() throws IOException {
        final String stat = Files.readString(STAT, ISO_8859_1);
        // The second field, a name in parentheses, may hold anything.
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        final long afterBoot = Long.parseLong(fields[START_TIME - 3]) * 1000 / TICKS_PER_SECOND;
        final String uptime = Files.readString(UPTIME, ISO_8859_1).split(" ", -1)[0];
        final long now = Math.round(Double.parseDouble(uptime) * 1000);
        return Instant.now().minusMillis(now - afterBoot);
    }

    private ProcSelf() {}
}
