package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/** Sends replies to writes while the work that should come before them is still running. Any thread. */
final class LateReplies {
    /**
     * How long the work may take before the write is answered. Much longer than dropping an unlocked page takes, and
     * short enough for a program to wait.
     */
    private static final long MOST_MILLIS = 1000;

    private final Timer timer;

    LateReplies(final Timer timer) {
        this.timer = timer;
    }

    /**
     * Runs {@code work}. Runs {@code answer} on the timer's thread if this takes longer than {@link #MOST_MILLIS}. When
     * this method returns or throws, {@code answer} has finished or will never run.
     *
     * @return whether the work ended without {@code answer}
     */
    boolean run(final Runnable work, final Runnable answer) {
        final Once first = new Once();
        final Timer.Cancellable late = timer.schedule(MOST_MILLIS, () -> first.run(answer));
        final boolean inTime;
        try {
            work.run();
        } finally {
            late.cancel();
            inTime = first.run(() -> {});
        }
        return inTime;
    }

    /** A guard that runs only the first action submitted. Later submitters block until that action has finished. */
    private static final class Once {
        @GuardedBy("this")
        private boolean over;

        synchronized boolean run(final Runnable work) {
            final boolean first = !over;
            over = true;
            if (first) {
                work.run();
            }
            return first;
        }
    }
}
