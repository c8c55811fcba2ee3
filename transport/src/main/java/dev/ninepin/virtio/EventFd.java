package dev.ninepin.virtio;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A counter in the kernel (eventfd(2)) that a thread waits on and that anyone, a device too, may raise. */
final class EventFd implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventFd.class);
    private static final int NON_BLOCKING = 0x800;

    private final Descriptor descriptor;

    private EventFd(final Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    static EventFd create() throws IOException {
        return new EventFd(
                Descriptor.of(LibC.INSTANCE.eventfd(0, Descriptor.CLOSE_ON_EXEC | NON_BLOCKING), "an eventfd"));
    }

    /** Its number, for the kernel to raise it. */
    int number() {
        return descriptor.number();
    }

    /**
     * Returns when this was raised, when one of {@code others} has something to read, or when {@code nanos} have passed;
     * takes the count back to 0.
     *
     * @return those of {@code others} that have something to read
     */
    List<Descriptor> await(final long nanos, final List<Descriptor> others) throws IOException {
        final List<Descriptor> all = new ArrayList<>(others);
        all.add(descriptor);
        // Rounded up: a wait of less than a millisecond is not to become a spin.
        final long millis = TimeUnit.NANOSECONDS.toMillis(nanos + TimeUnit.MILLISECONDS.toNanos(1) - 1);
        final List<Descriptor> ready = Descriptor.poll(all, (int) Math.min(millis, Integer.MAX_VALUE));
        if (ready.remove(descriptor)) {
            descriptor.consume(Long.BYTES);
        }
        return ready;
    }

    /** Raises it. */
    void raise() {
        try {
            descriptor.put(1);
        } catch (final IOException e) {
            LOG.debug("an event was not raised; nobody waits for one that is closed", e);
        }
    }

    /** Ends a wait, and closes. */
    @Override
    public void close() {
        raise();
        descriptor.close();
    }
}
