package dev.ninepin.virtio;

import java.nio.ByteBuffer;
import java.util.List;

/** A request as the device sees it: the message, and room for the answer. */
public final class MockRequest {
    private final int head;
    private final MockMemory memory;
    private final List<Descriptor> chain;
    private final byte[] message;

    private MockRequest(final int head, final MockMemory memory, final List<Descriptor> chain) {
        this.head = head;
        this.memory = memory;
        this.chain = List.copyOf(chain);
        final ByteBuffer bytes = ByteBuffer.allocate(size(false));
        for (final Descriptor part : chain) {
            if (!part.writable()) {
                bytes.put(memory.bytes().slice(memory.offsetOf(part.address(), part.length()), part.length()));
            }
        }
        this.message = bytes.array();
    }

    static MockRequest read(final int head, final MockMemory memory, final List<Descriptor> chain) {
        return new MockRequest(head, memory, chain);
    }

    /** The descriptor that it came under, and goes back under. */
    public int head() {
        return head;
    }

    /** What the driver sent. */
    public byte[] message() {
        return message.clone();
    }

    /** The bytes that the answer may have. */
    public int room() {
        return size(true);
    }

    /** How many descriptors it came in. */
    public int descriptors() {
        return chain.size();
    }

    void write(final byte... answer) {
        int done = 0;
        for (final Descriptor part : chain) {
            if (part.writable()) {
                final int count = Math.min(part.length(), answer.length - done);
                memory.bytes()
                        .slice(memory.offsetOf(part.address(), part.length()), part.length())
                        .put(answer, done, count);
                done += count;
            }
        }
        if (done < answer.length) {
            throw new AssertionError("the driver left room for " + room() + " bytes, not for " + answer.length);
        }
    }

    private int size(final boolean writable) {
        return chain.stream()
                .filter(part -> part.writable() == writable)
                .mapToInt(Descriptor::length)
                .sum();
    }

    record Descriptor(long address, int length, boolean writable) {}
}
