package dev.ninepin.virtio.device;

import dev.ninepin.virtio.dma.DmaBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The resources of one request: its number in the virtqueue, a buffer for its message and one for the reply.
 *
 * <p>The slot belongs to the sender until the request is posted, and to the reply reader once the device has finished
 * with it. After that it belongs to the thread that has the reply.
 */
public final class RequestBuffers {
    private final int number;
    private final DmaBuffer smallMessage;
    private final DmaBuffer smallReply;
    private @Nullable DmaBuffer largeMessage;
    private @Nullable DmaBuffer largeReply;
    private int tag;

    RequestBuffers(final int number, final DmaBuffer smallMessage, final DmaBuffer smallReply) {
        this.number = number;
        this.smallMessage = smallMessage;
        this.smallReply = smallReply;
    }

    int number() {
        return number;
    }

    /** Returns the buffer for the request. */
    public DmaBuffer message() {
        return largeMessage == null ? smallMessage : largeMessage;
    }

    /** Returns the buffer into which the device writes the reply. */
    public DmaBuffer reply() {
        return largeReply == null ? smallReply : largeReply;
    }

    int tag() {
        return tag;
    }

    void tag(final int newTag) {
        tag = newTag;
    }

    @Nullable
    DmaBuffer largeMessage() {
        return largeMessage;
    }

    @Nullable
    DmaBuffer largeReply() {
        return largeReply;
    }

    /** Sets the large buffers to use; a null argument selects the slot's own small buffer. */
    void use(final @Nullable DmaBuffer newLargeMessage, final @Nullable DmaBuffer newLargeReply) {
        largeMessage = newLargeMessage;
        largeReply = newLargeReply;
    }
}
