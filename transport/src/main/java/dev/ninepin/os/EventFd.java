package dev.ninepin.os;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kernel event counter (eventfd(2)) that one thread waits on. Any thread may raise it, and so may the kernel for a
 * device.
 */
public final class EventFd implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventFd.class);
    private static final int NON_BLOCKING = 0x800;

    private final Descriptor descriptor;

    private EventFd(final Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    public static EventFd create() throws IOException {
        return new EventFd(Descriptor.of(LibC.get().eventfd(0, Descriptor.CLOSE_ON_EXEC | NON_BLOCKING), "an eventfd"));
    }

    /** Returns the descriptor's number, by which the kernel raises the event. */
    public int number() {
        return descriptor.number();
    }

    /**
     * Blocks until this event is raised, one of {@code others} is readable, or {@code nanos} have passed. Resets the
     * count to 0. May return early on a signal.
     *
     * @param nanos the longest wait, in nanoseconds; rounded up to milliseconds
     * @return the descriptors among {@code others} that are readable or have failed
     */
    public List<Descriptor> await(final long nanos, final List<Descriptor> others) throws IOException {
        final List<Descriptor> all = new ArrayList<>(others);
        all.add(descriptor);
        final List<Descriptor> ready = Descriptor.poll(all, millis(nanos));
        if (ready.remove(descriptor)) {
            descriptor.consume(Long.BYTES);
        }
        return ready;
    }

    /**
     * Blocks until this event is raised, or {@code nanos} have passed. Returns whether the event is raised. Does not
     * reset the event.
     */
    public boolean awaitRaised(final long nanos) throws IOException {
        return !Descriptor.poll(List.of(descriptor), millis(nanos)).isEmpty();
    }

    private static int millis(final long nanos) {
        // Rounded up: otherwise waits of less than a millisecond would become a busy loop.
        final long millis = TimeUnit.NANOSECONDS.toMillis(nanos + TimeUnit.MILLISECONDS.toNanos(1) - 1);
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    /** Raises the event, which ends a wait. Does nothing once this object is closed. */
    public void raise() {
        try {
            descriptor.put(1);
        } catch (final IOException e) {
            LOG.debug("an event was not raised; nobody waits for one that is closed", e);
        }
    }

    /** Ends a wait in progress, and closes the descriptor. */
    @Override
    public void close() {
        raise();
        descriptor.close();
    }
}
