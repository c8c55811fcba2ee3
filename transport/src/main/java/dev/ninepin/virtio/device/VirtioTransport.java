package dev.ninepin.virtio.device;

import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.p9.Frame;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.queue.QueueLayout;
import dev.ninepin.virtio.queue.VirtioFeatures;
import dev.ninepin.virtio.queue.Virtqueue;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A virtio-9p device that is set up and live, with its queue and the memory for its messages.
 *
 * @param device the device, in the state DRIVER_OK
 * @param queue the device's request queue
 * @param dma all memory that the device accesses
 * @param memory the buffers of the messages in the queue
 * @param details the entries of {@link ChannelInfo#details}
 */
public record VirtioTransport(
        VirtioPciDevice device, Virtqueue queue, DmaMemory dma, MessageMemory memory, Map<String, String> details) {
    private static final VirtioFeatures WANTED = VirtioFeatures.of(
            VirtioFeatures.MOUNT_TAG,
            VirtioFeatures.INDIRECT_DESC,
            VirtioFeatures.EVENT_IDX,
            VirtioFeatures.VERSION_1,
            VirtioFeatures.ACCESS_PLATFORM);

    /**
     * The largest number of descriptors of a request. Even in an indirect table, no chain is longer than the queue
     * (virtio 1.2, 2.7.5.3.1).
     */
    private static final int LONGEST_CHAIN = Virtqueue.MAX_SIZE;

    private static final int LARGEST_MESSAGE = 64 << 20;

    /**
     * Returns the size, in bytes, of the DMA memory that {@link #setUp} requests for messages of up to {@code
     * maxMessageSize} bytes.
     */
    public static int memoryFor(final int maxMessageSize) {
        if (maxMessageSize < Frame.HEADER_SIZE || maxMessageSize > LARGEST_MESSAGE) {
            throw new IllegalArgumentException(
                    "a virtio channel carries messages of up to " + LARGEST_MESSAGE + " bytes, not " + maxMessageSize);
        }
        final int rings = new QueueLayout(0, Virtqueue.MAX_SIZE, Virtqueue.MAX_SIZE, LONGEST_CHAIN).end();
        return Math.addExact(rings, MessageMemory.sizeFor(Virtqueue.MAX_SIZE, maxMessageSize));
    }

    /**
     * Sets up the device behind {@code function}, from reset to DRIVER_OK.
     *
     * @param maxMessageSize the largest message to carry, in bytes
     * @throws IOException if the function is no virtio-9p device, or the device does not work
     */
    public static VirtioTransport setUp(final PciFunction function, final int maxMessageSize) throws IOException {
        final VirtioPciDevice device = VirtioPciDevice.open(function);
        final VirtioFeatures features = device.negotiate(WANTED);
        final boolean indirect = features.has(VirtioFeatures.INDIRECT_DESC);
        final int queueSize = device.queueSize();
        final DmaMemory dma =
                function.dmaMemory(memoryFor(maxMessageSize), features.has(VirtioFeatures.ACCESS_PLATFORM));
        final int chain = 2 * dma.maxSegments(maxMessageSize);
        if (chain > queueSize || Virtqueue.capacity(queueSize, indirect, chain) == 0) {
            throw new IOException("the memory for the device at " + function.address()
                    + " is too scattered for messages of " + maxMessageSize + " bytes: use a smaller msize");
        }
        final QueueLayout layout = new QueueLayout(0, queueSize, indirect ? queueSize : 0, chain);
        final Virtqueue queue = new Virtqueue(dma, layout, features, chain);
        final MessageMemory memory = new MessageMemory(dma, layout.end(), queue.capacity(), maxMessageSize);
        dma.checkInPlace();
        device.start(dma, layout);
        final Map<String, String> details = new LinkedHashMap<>();
        details.put("pci_address", function.address());
        details.put("mount_tag", device.mountTag().toString());
        details.putAll(function.details());
        details.put("queue", Integer.toString(VirtioPciDevice.REQUEST_QUEUE));
        details.put("queue_size", Integer.toString(queueSize));
        details.put("features", features.toString());
        return new VirtioTransport(device, queue, dma, memory, details);
    }
}
