package dev.ninepin.virtio;

import org.jspecify.annotations.Nullable;

/**
 * One request's place: its number in the virtqueue, room for its message and for the reply. Belongs to the sender until
 * it is posted, to the reply reader once the device is done with it, and then to whoever has the reply.
 */
final class RequestSlot {
    private final int number;
    private final DmaBuffer smallMessage;
    private final DmaBuffer smallReply;
    private @Nullable DmaBuffer largeMessage;
    private @Nullable DmaBuffer largeReply;
    private int tag;

    RequestSlot(final int number, final DmaBuffer smallMessage, final DmaBuffer smallReply) {
        this.number = number;
        this.smallMessage = smallMessage;
        this.smallReply = smallReply;
    }

    int number() {
        return number;
    }

    /** Where the request goes. */
    DmaBuffer message() {
        return largeMessage == null ? smallMessage : largeMessage;
    }

    /** Where the device writes the answer. */
    DmaBuffer reply() {
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

    /** Uses large buffers where they are given, and its own small ones where not. */
    void use(final @Nullable DmaBuffer newLargeMessage, final @Nullable DmaBuffer newLargeReply) {
        largeMessage = newLargeMessage;
        largeReply = newLargeReply;
    }
}
