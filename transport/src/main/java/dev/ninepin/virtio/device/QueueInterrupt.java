package dev.ninepin.virtio.device;

import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.queue.Virtqueue;
import java.io.IOException;

/**
 * A sleep that ends when the device interrupts for its request queue. The driver requests an interrupt only for the
 * time of a sleep, so the device rarely interrupts otherwise.
 */
record QueueInterrupt(VirtioPciDevice device, Virtqueue queue, Interrupt interrupt)
        implements ReplyWait.InterruptSleep {
    @Override
    public void sleep(final long nanos) throws IOException {
        if (interrupt.vector() == Interrupt.LINE) {
            // The line may still be asserted by an earlier interrupt, which would end the sleep early.
            device.acknowledgeInterrupt();
        }
        interrupt.arm();
        if (queue.requestInterrupt()) {
            interrupt.await(nanos);
        }
    }

    @Override
    public void wake() {
        interrupt.wake();
    }
}
