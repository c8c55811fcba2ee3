package dev.ninepin.virtio;

import java.io.IOException;

/** A sleep until the device interrupts for its request queue. It is asked to only for this, so it rarely does otherwise. */
record QueueInterrupt(VirtioPciDevice device, Virtqueue queue, Interrupt interrupt)
        implements ReplyWait.InterruptSleep {
    @Override
    public void sleep(final long nanos) throws IOException {
        if (interrupt.vector() == Interrupt.LINE) {
            // The line may still be up from before, and would end the sleep for nothing.
            device.acknowledgeInterrupt();
        }
        interrupt.arm();
        if (queue.askForInterrupt()) {
            interrupt.await(nanos);
        }
    }

    @Override
    public void wake() {
        interrupt.wake();
    }
}
