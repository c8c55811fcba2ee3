package dev.ninepin.fuse;

import java.io.IOException;

/**
 * The signals that a thread of a program has not seen yet, because it waits in a system call: {@link ThreadStatus},
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
            return of(ThreadStatus.of(thread)).end();
        } catch (final IOException e) {
            return true;
        }
    }

    static PendingSignals of(final ThreadStatus status) {
        return new PendingSignals(
                set(status, "SigPnd") | set(status, "ShdPnd"),
                set(status, "SigBlk") | set(status, "SigIgn") | set(status, "SigCgt"));
    }

    private static long set(final ThreadStatus status, final String label) {
        return status.field(label)
                .map(value -> Long.parseUnsignedLong(value, RADIX))
                .orElse(0L);
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
