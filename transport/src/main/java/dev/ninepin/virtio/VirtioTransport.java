package dev.ninepin.virtio;

import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.p9.Frame;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A virtio-9p device that is set up and live, with its queue and the memory for its messages.
 *
 * @param device in the state DRIVER_OK
 * @param queue its request queue
 * @param memory of the messages in that queue
 * @param details for {@link ChannelInfo#details}
 */
record VirtioTransport(VirtioPciDevice device, Virtqueue queue, MessageMemory memory, Map<String, String> details) {
    private static final VirtioFeatures WANTED = VirtioFeatures.of(
            VirtioFeatures.MOUNT_TAG, VirtioFeatures.INDIRECT_DESC, VirtioFeatures.EVENT_IDX, VirtioFeatures.VERSION_1);

    /** Descriptors of a request: memory may be scattered into a few hugepages, not into pages. */
    private static final int LONGEST_CHAIN = 8;

    private static final int LARGEST_MESSAGE = 64 << 20;

    /** The DMA memory, in bytes, that {@link #setUp} asks of a function for messages of up to {@code maxMessageSize}. */
    static int memoryFor(final int maxMessageSize) {
        if (maxMessageSize < Frame.HEADER_SIZE || maxMessageSize > LARGEST_MESSAGE) {
            throw new IllegalArgumentException(
                    "a virtio channel carries messages of up to " + LARGEST_MESSAGE + " bytes, not " + maxMessageSize);
        }
        final int rings = new QueueLayout(0, Virtqueue.MAX_SIZE, Virtqueue.MAX_SIZE, LONGEST_CHAIN).end();
        return Math.addExact(rings, MessageMemory.sizeFor(Virtqueue.MAX_SIZE, maxMessageSize));
    }

    /**
     * Sets the device behind {@code function} up, from its reset to its going live.
     *
     * @param maxMessageSize bytes
     * @throws IOException if it is no virtio-9p device, or one that does not work
     */
    static VirtioTransport setUp(final PciFunction function, final int maxMessageSize) throws IOException {
        final VirtioPciDevice device = VirtioPciDevice.open(function);
        final VirtioFeatures features = device.negotiate(WANTED);
        final boolean indirect = features.has(VirtioFeatures.INDIRECT_DESC);
        final int queueSize = device.queueSize();
        final DmaMemory dma = function.dmaMemory(memoryFor(maxMessageSize));
        final int chain = 2 * dma.mostSegments(maxMessageSize);
        if (chain > LONGEST_CHAIN || Virtqueue.capacity(queueSize, indirect, chain) == 0) {
            throw new IOException("the memory for the device at " + function.address()
                    + " is too scattered for messages of " + maxMessageSize + " bytes: use a smaller msize");
        }
        final QueueLayout layout = new QueueLayout(0, queueSize, indirect ? queueSize : 0, chain);
        final Virtqueue queue = new Virtqueue(dma, layout, features, chain);
        final MessageMemory memory = new MessageMemory(dma, layout.end(), queue.capacity(), maxMessageSize);
        device.start(dma, layout);
        final Map<String, String> details = new LinkedHashMap<>();
        details.put("pci_address", function.address());
        details.put("mount_tag", device.mountTag().toString());
        details.put("queue", Integer.toString(VirtioPciDevice.REQUEST_QUEUE));
        details.put("queue_size", Integer.toString(queueSize));
        details.put("features", features.toString());
        return new VirtioTransport(device, queue, memory, details);
    }
}
