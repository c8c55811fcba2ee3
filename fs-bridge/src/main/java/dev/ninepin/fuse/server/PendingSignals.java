package dev.ninepin.fuse.server;

import dev.ninepin.os.ThreadStatus;
import java.io.IOException;

/**
 * The signals that are pending for a thread that waits in a system call, from its {@link ThreadStatus}. Each set is a
 * bit mask in which bit 0 is signal 1. Any thread.
 *
 * @param pending the signals that are pending for the thread or its process
 * @param survived the signals that the program blocks, ignores or handles
 */
public record PendingSignals(long pending, long survived) {
    /**
     * SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG and SIGWINCH, which never terminate a process
     * (signal(7)).
     */
    private static final long HARMLESS = set(17, 18, 19, 20, 21, 22, 23, 28);

    private static final int RADIX = 16;

    /**
     * Returns whether a pending signal will terminate a program.
     *
     * @param thread the number of one of the program's threads in this process's PID namespace; 0 if it has none
     * @return whether it will; true also if the signals are unknown, because the thread is in another PID namespace or
     *     /proc hides it
     */
    static boolean willTerminate(final int thread) {
        try {
            return of(ThreadStatus.of(thread)).areFatal();
        } catch (final IOException e) {
            return true;
        }
    }

    /** Returns the pending signals in a thread's status. */
    public static PendingSignals of(final ThreadStatus status) {
        return new PendingSignals(
                set(status, "SigPnd") | set(status, "ShdPnd"),
                set(status, "SigBlk") | set(status, "SigIgn") | set(status, "SigCgt"));
    }

    private static long set(final ThreadStatus status, final String label) {
        return status.field(label)
                .map(value -> Long.parseUnsignedLong(value, RADIX))
                .orElse(0L);
    }

    /**
     * Returns whether one of the signals terminates the program. When a signal terminates a program, the kernel sends
     * SIGKILL to all its other threads.
     */
    boolean areFatal() {
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
