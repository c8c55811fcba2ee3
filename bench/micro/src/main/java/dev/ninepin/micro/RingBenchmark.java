package dev.ninepin.micro;

import dev.ninepin.virtio.device.MockMemory;
import dev.ninepin.virtio.dma.DmaBuffer;
import dev.ninepin.virtio.queue.MockQueue;
import dev.ninepin.virtio.queue.QueueLayout;
import dev.ninepin.virtio.queue.Used;
import dev.ninepin.virtio.queue.VirtioFeatures;
import dev.ninepin.virtio.queue.Virtqueue;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Posts a request to a virtqueue and polls its reply. The device's side adds some nanoseconds, and no allocation. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark {
    private static final int QUEUE_SIZE = 128;
    private static final int ROOM = 8192;
    private static final int LENGTH = 100;

    private final MockMemory memory = MockMemory.contiguous(1 << 20);
    private final int chain = 2 * memory.maxSegments(ROOM);
    private final QueueLayout layout = new QueueLayout(0, QUEUE_SIZE, QUEUE_SIZE, chain);
    private final VirtioFeatures features = VirtioFeatures.of(VirtioFeatures.INDIRECT_DESC, VirtioFeatures.EVENT_IDX);
    private final Virtqueue driver = new Virtqueue(memory, layout, features, chain);
    private final MockQueue device = new MockQueue(
            memory,
            QUEUE_SIZE,
            memory.addressOf(layout.descriptorTable(), layout.descriptorTableSize()),
            memory.addressOf(layout.available(), layout.availableSize()),
            memory.addressOf(layout.used(), layout.usedSize()),
            true);
    private final DmaBuffer message = DmaBuffer.of(memory, layout.end(), ROOM);
    private final DmaBuffer reply = DmaBuffer.of(memory, layout.end() + ROOM, ROOM);

    @Benchmark
    public Used postAndPoll() throws IOException {
        driver.post(1, message.segments(), LENGTH, reply.segments(), ROOM);
        driver.needsDoorbell();
        device.push(1, LENGTH);
        return driver.poll();
    }
}
