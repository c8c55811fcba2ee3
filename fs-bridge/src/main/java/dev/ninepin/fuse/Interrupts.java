package dev.ninepin.fuse;

/**
 * Interrupts the requests of programs that are to end, unless they are answered soon. Any thread.
 *
 * <p>The kernel tells of every signal that comes to a program that waits, also of those that the program handles, to go
 * on after them: a timer, the end of a child. And a server that is asked to give up a request may be half-way through
 * (QEMU makes the directory, and then says nothing), so that a call fails and was done all the same. No local file system
 * does that to programs, however slow it is; few of them expect it, and a database whose fsync(2) fails stops. So only
 * a program that its signals end does not wait for the answer. The kernel tells of one signal for each request, so it is
 * looked for others that come later.
 */
final class Interrupts {
    private static final long SOON_MILLIS = 1000;

    private final Timer timer;

    Interrupts(final Timer timer) {
        this.timer = timer;
    }

    /**
     * A signal has come to a program. Interrupts {@code slot} once it ends the program, if the request of {@code token} is
     * still served by then. Returns at once.
     *
     * @param thread of the program, as in {@link PendingSignals#endProgramOf}
     */
    void schedule(final RequestSlot slot, final long token, final int thread) {
        final var unused = timer.after(SOON_MILLIS, () -> look(slot, token, thread));
    }

    private void look(final RequestSlot slot, final long token, final int thread) {
        if (!slot.serves(token)) {
            return;
        }
        if (PendingSignals.endProgramOf(thread)) {
            slot.interrupt(token);
        } else {
            schedule(slot, token, thread);
        }
    }
}
