package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The signals that a thread of a program has not seen yet, because it waits in a system call: {@code /proc/TID/status},
 * whose sets have a bit for each signal, the lowest for number 1. Any thread.
 *
 * @param pending to this thread, or to its process
 * @param survived blocked, ignored, or handled by the program
 */
record PendingSignals(long pending, long survived) {
    /** SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH: these end nobody (signal(7)). */
    private static final long HARMLESS = set(17, 18, 19, 20, 21, 22, 23, 28);

    private static final int RADIX = 16;

    /**
     * Whether the program is to end.
     *
     * @param thread its number in the name space of this process; 0 where it has none
     * @return true, too, if its signals can't be seen: it is in another name space, or /proc hides it
     */
    static boolean endProgramOf(final int thread) {
        try {
            return of(Files.readAllLines(Path.of("/proc", Integer.toString(thread), "status"), ISO_8859_1))
                    .end();
        } catch (final IOException e) {
            return true;
        }
    }

    /** What the lines of {@code /proc/TID/status} say. */
    static PendingSignals of(final List<String> status) {
        long pending = 0;
        long survived = 0;
        for (final String line : status) {
            final int colon = Math.max(0, line.indexOf(':'));
            final String value =
                    line.substring(Math.min(colon + 1, line.length())).strip();
            switch (line.substring(0, colon)) {
                case "SigPnd", "ShdPnd" -> pending |= Long.parseUnsignedLong(value, RADIX);
                case "SigBlk", "SigIgn", "SigCgt" -> survived |= Long.parseUnsignedLong(value, RADIX);
                default -> {}
            }
        }
        return new PendingSignals(pending, survived);
    }

    /** Whether one of them ends the program. To the other threads of a program that one ends, the kernel sends SIGKILL. */
    boolean end() {
        return (pending & ~survived & ~HARMLESS) != 0;
    }

    private static long set(final int... signals) {
        long set = 0;
        for (final int signal : signals) {
            set |= 1L << (signal - 1);
        }
        return set;
    }
}
