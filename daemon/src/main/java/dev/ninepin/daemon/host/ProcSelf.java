package dev.ninepin.daemon.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Scanner;

/** Facts about this process from {@code /proc}. Source: proc_pid_status(5). */
public final class ProcSelf {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path UPTIME = Path.of("/proc/uptime");

    /** The number of the field starttime in {@link #STAT}, counted from 1. */
    private static final int START_TIME = 22;

    /** The unit of times in {@code /proc}: USER_HZ, which does not depend on the kernel's own timer frequency. */
    private static final int TICKS_PER_SECOND = 100;

    /**
     * Returns a number from the field {@code name} of {@code /proc/self/status}.
     *
     * @param index the position of the number, from 0; in {@code Uid}, 1 is the effective user
     * @throws IOException if the file cannot be read or has no such field
     */
    public static long number(final String name, final int index) throws IOException {
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

    /** Returns the start time of this process, with a resolution of 10 ms. Source: proc_pid_stat(5), proc_uptime(5). */
    public static Instant started() throws IOException {
        final String stat = Files.readString(STAT, ISO_8859_1);
        // The second field, the command name in parentheses, may contain any character.
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        final long afterBoot = Long.parseLong(fields[START_TIME - 3]) * 1000 / TICKS_PER_SECOND;
        final String uptime = Files.readString(UPTIME, ISO_8859_1).split(" ", -1)[0];
        final long now = Math.round(Double.parseDouble(uptime) * 1000);
        return Instant.now().minusMillis(now - afterBoot);
    }

    private ProcSelf() {}
}
