package dev.ninepin.virtio.driver;

import dev.ninepin.os.EventFd;
import dev.ninepin.virtio.pci.Interrupt;
import java.io.IOException;
import java.util.List;

/**
 * A message-signalled interrupt (MSI-X), which the kernel turns into an event. It needs no arming: each message raises
 * the event once.
 */
final class MessageInterrupt implements Interrupt {
    private static final int VECTOR = 0;

    private final EventFd event;

    private MessageInterrupt(final EventFd event) {
        this.event = event;
    }

    /** Makes the first MSI-X message of {@code device} raise an event. The device must support MSI-X. */
    static MessageInterrupt open(final VfioDevice device) throws IOException {
        final EventFd event = EventFd.create();
        try {
            device.routeVector(VECTOR, event);
            return new MessageInterrupt(event);
        } catch (final IOException e) {
            event.close();
            throw e;
        }
    }

    @Override
    public String kind() {
        return "msi-x";
    }

    @Override
    public int vector() {
        return VECTOR;
    }

    @Override
    public void arm() {}

    @Override
    public void await(final long nanos) throws IOException {
        event.await(nanos, List.of());
    }

    @Override
    public void wake() {
        event.raise();
    }

    @Override
    public void close() {
        event.close();
    }
}
