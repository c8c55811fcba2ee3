package dev.ninepin.virtio.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ninepin.virtio.device.MockMemory;
import dev.ninepin.virtio.dma.DmaBuffer;
import java.util.ArrayList;
import java.util.List;

/** A virtqueue with both its sides, and a message buffer and a reply buffer for each request. */
public final class QueueUnderTest {
    /** The size of each reply buffer, in bytes. */
    static final int ROOM = 12_000;

    /** The negotiated features. */
    public enum Kind {
        NEITHER,
        INDIRECT(VirtioFeatures.INDIRECT_DESC),
        EVENT_INDEX(VirtioFeatures.EVENT_IDX),
        BOTH(VirtioFeatures.INDIRECT_DESC, VirtioFeatures.EVENT_IDX);

        private final VirtioFeatures features;

        Kind(final int... features) {
            this.features = VirtioFeatures.of(features);
        }
    }

    private static final int QUEUE_SIZE = 128;
    private static final int MEMORY = 4 << 20;

    public final Virtqueue driver;
    public final MockQueue device;
    private final List<DmaBuffer> messages = new ArrayList<>();
    private final List<DmaBuffer> answers = new ArrayList<>();

    public QueueUnderTest(final Kind kind) {
        this(kind, MockMemory.contiguous(MEMORY));
    }

    /** Creates a queue in scattered memory, whose pieces hold the rings but not every message. */
    static QueueUnderTest scattered(final Kind kind) {
        return new QueueUnderTest(kind, MockMemory.scattered(MEMORY, 32_768));
    }

    private QueueUnderTest(final Kind kind, final MockMemory memory) {
        final boolean indirect = kind.features.has(VirtioFeatures.INDIRECT_DESC);
        final int chain = 2 * memory.maxSegments(ROOM);
        final QueueLayout layout = new QueueLayout(0, QUEUE_SIZE, indirect ? QUEUE_SIZE : 0, chain);
        driver = new Virtqueue(memory, layout, kind.features, chain);
        device = new MockQueue(
                memory,
                QUEUE_SIZE,
                memory.addressOf(layout.descriptorTable(), layout.descriptorTableSize()),
                memory.addressOf(layout.available(), layout.availableSize()),
                memory.addressOf(layout.used(), layout.usedSize()),
                kind.features.has(VirtioFeatures.EVENT_IDX));
        int next = layout.end();
        for (int i = 0; i < driver.capacity(); i++) {
            messages.add(DmaBuffer.of(memory, next, ROOM));
            answers.add(DmaBuffer.of(memory, next + ROOM, ROOM));
            next += 2 * ROOM;
        }
    }

    /** Posts {@code message} as request {@code number}, with a reply buffer of {@link #ROOM} bytes. */
    public void post(final int number, final String message) {
        final byte[] bytes = message.getBytes(ISO_8859_1);
        messages.get(number).bytes().clear().put(bytes);
        driver.post(
                number,
                messages.get(number).segments(),
                bytes.length,
                answers.get(number).segments(),
                ROOM);
    }

    /** Returns the first {@code length} bytes of the reply to request {@code number}. */
    byte[] answerOf(final int number, final int length) {
        final byte[] answer = new byte[length];
        answers.get(number).bytes().get(0, answer);
        return answer;
    }
}
