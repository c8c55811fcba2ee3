package dev.ninepin.virtio.device;

import java.nio.ByteBuffer;
import java.util.List;

/** A request as the device sees it: the message, and the buffer for the reply. */
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

    public static MockRequest read(final int head, final MockMemory memory, final List<Descriptor> chain) {
        return new MockRequest(head, memory, chain);
    }

    /** Returns the head descriptor of the request, under which it is also returned. */
    public int head() {
        return head;
    }

    /** Returns the message from the driver. */
    public byte[] message() {
        return message.clone();
    }

    /** Returns the size of the reply buffer, in bytes. */
    public int room() {
        return size(true);
    }

    /** Returns the number of descriptors of the request. */
    public int descriptors() {
        return chain.size();
    }

    public void write(final byte... answer) {
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

    public record Descriptor(long address, int length, boolean writable) {}
}
