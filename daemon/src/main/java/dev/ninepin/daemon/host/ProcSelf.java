package dev.ninepin.daemon.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** Facts about this process from {@code /proc}. */
public final class ProcSelf {
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path UPTIME = Path.of("/proc/uptime");

    /** The number of the field starttime in {@link #STAT}, counted from 1. */
    private static final int START_TIME = 22;

    /** The unit of times in {@code /proc}: USER_HZ, which does not depend on the kernel's own timer frequency. */
    private static final int TICKS_PER_SECOND = 100;

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
