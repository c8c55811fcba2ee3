package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The requests of a mount that are being served: a slot for each worker. Any thread may call any method. */
final class RequestSlots {
    /** The slots by {@link RequestSlot#number}. */
    private final Map<Integer, RequestSlot> slots = new ConcurrentHashMap<>();

    @GuardedBy("this")
    private int lastNumber = -1;

    /**
     * Adds a slot for the requests that {@code owner} will serve. Its number is one that no slot has or had recently,
     * since an interrupt of an old request may still be under way.
     */
    synchronized RequestSlot add(final Thread owner) {
        do {
            lastNumber = (lastNumber + 1) % RequestSlot.NUMBERS;
        } while (slots.containsKey(lastNumber));
        final RequestSlot slot = new RequestSlot(lastNumber, owner);
        slots.put(lastNumber, slot);
        return slot;
    }

    void remove(final RequestSlot slot) {
        slots.remove(slot.number());
    }

    /** Returns the slot that issued {@code token}, or empty if it was removed. */
    Optional<RequestSlot> of(final long token) {
        return Optional.ofNullable(slots.get(RequestSlot.numberOf(token)));
    }

    /** Interrupts every request that is being served. */
    void interruptAll() {
        slots.values().forEach(RequestSlot::interruptAny);
    }

    /**
     * Returns how long each request in progress has been served so far, in nanoseconds.
     *
     * @param now the current {@link System#nanoTime}
     */
    List<Long> ages(final long now) {
        return slots.values().stream()
                .map(slot -> slot.age(now))
                .filter(age -> age >= 0)
                .toList();
    }
}
