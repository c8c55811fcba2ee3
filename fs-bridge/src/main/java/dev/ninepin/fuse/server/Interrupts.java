package dev.ninepin.fuse.server;

/**
 * Interrupts of requests, after a signal to the program that waits for the reply. Any thread.
 *
 * <p>The kernel reports every signal to a waiting program, including signals that the program handles and survives,
 * such as a timer or the end of a child. Giving up a request may fail a system call whose effect happens nevertheless:
 * QEMU creates the directory and then sends no reply. No local file system does this to programs, however slow it is.
 * Few programs expect it, and a database stops if its fsync(2) fails. So only a program that a signal will terminate
 * stops waiting for the reply.
 *
 * <p>The kernel reports only the first signal during a request. So the program is checked for later signals at
 * intervals.
 */
final class Interrupts {
    /**
     * How long a request may continue after its program was killed. It takes another half a second to notice a mute
     * server, and kill(1) should not take longer than a second.
     */
    private static final long SOON_MILLIS = 250;

    private final Timer timer;
    private final RequestSlots slots;

    Interrupts(final Timer timer, final RequestSlots slots) {
        this.timer = timer;
        this.slots = slots;
    }

    /**
     * Handles a signal to the program that waits for the request of {@code token}. If the request only waits, interrupts
     * it at once. Otherwise, interrupts it once a signal will terminate the program, if the request is still being
     * served by then. Returns at once; checks a quarter of a second later, and then at this interval.
     *
     * @param thread a thread of the program, as in {@link PendingSignals#willTerminate}
     */
    void interrupt(final long token, final int thread) {
        slots.of(token).ifPresent(slot -> {
            if (slot.isToEndAtOnce(token)) {
                slot.interrupt(token);
            } else {
                schedule(slot, token, thread);
            }
        });
    }

    private void schedule(final RequestSlot slot, final long token, final int thread) {
        final var unused = timer.schedule(SOON_MILLIS, () -> look(slot, token, thread));
    }

    private void look(final RequestSlot slot, final long token, final int thread) {
        if (!slot.serves(token)) {
            return;
        }
        if (PendingSignals.willTerminate(thread)) {
            slot.interrupt(token);
        } else {
            schedule(slot, token, thread);
        }
    }
}
