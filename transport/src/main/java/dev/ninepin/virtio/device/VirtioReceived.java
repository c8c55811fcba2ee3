package dev.ninepin.virtio.device;

import dev.ninepin.channel.Received;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A reply in the memory into which the device wrote it. The reply holds the slot of its request until {@link #close}.
 */
final class VirtioReceived implements Received {
    private final MessageMemory memory;
    private final RequestBuffers slot;
    private final int tag;
    private final ByteBuffer message;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param length the length of the reply, in bytes; 0 if there is none */
    VirtioReceived(final MessageMemory memory, final RequestBuffers slot, final int length) {
        this.memory = memory;
        this.slot = slot;
        this.tag = slot.tag();
        this.message = slot.reply().bytes().slice(0, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public int tag() {
        return tag;
    }

    @Override
    public ByteBuffer message() {
        return message;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            memory.giveBack(slot);
        }
    }
}
