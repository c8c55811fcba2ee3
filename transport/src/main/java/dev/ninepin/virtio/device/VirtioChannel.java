package dev.ninepin.virtio.device;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelEnd;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.queue.Used;
import dev.ninepin.virtio.queue.Virtqueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel to a virtio-9p device, over any implementation of {@link PciFunction}.
 *
 * <p>Messages are encoded into, and decoded from, the memory that the device accesses. The channel identifies a
 * finished request by the number under which it was posted, not by the content of the device's message.
 *
 * <p>The sender and the reply reader share only the lock of {@link MessageMemory}, and hold it only briefly.
 */
public final class VirtioChannel implements Channel {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioChannel.class);

    /**
     * The longest time for setting up a device. Setting up takes milliseconds, or seconds on an emulated processor; a
     * device that takes longer hangs.
     */
    private static final Duration OPEN_PATIENCE = Duration.ofSeconds(20);

    /**
     * The interval between checks of the memory's addresses, in nanoseconds. The memory is pinned, so the check guards
     * only against a kernel that treats pinned pages differently than expected.
     */
    private static final long MEMORY_CHECK_INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final PciFunction function;
    private final VirtioPciDevice device;
    private final Virtqueue queue;
    private final DmaMemory dma;
    private final MessageMemory memory;
    private final ReplyWait replyWait;
    private final int maxMessageSize;
    private final ChannelInfo info;

    private final ChannelEnd end;

    /** The time of the last check of the memory's addresses. Used by the sender only. */
    private long lastCheck;

    private VirtioChannel(
            final PciFunction function,
            final VirtioTransport transport,
            final int maxMessageSize,
            final ChannelInfo info) {
        this.function = function;
        this.device = transport.device();
        this.queue = transport.queue();
        this.memory = transport.memory();
        // The buffers have this size anyway, and the reply to a Treadlink needs more than the least msize.
        this.maxMessageSize = Math.max(maxMessageSize, MessageMemory.SMALL);
        this.info = info;
        this.end = new ChannelEnd(info.kind() + ":" + info.device());
        this.dma = transport.dma();
        this.replyWait = new ReplyWait(
                this::checkHealth,
                end::isReached,
                System::nanoTime,
                function.interrupt().map(interrupt -> new QueueInterrupt(device, queue, interrupt)));
        this.lastCheck = System.nanoTime();
    }

    /**
     * Sets up the device and opens its channel, which owns {@code function} from then on.
     *
     * @param kind the scheme of the source
     * @param name the user's name for the device
     * @param maxMessageSize the largest message to carry, in bytes
     * @throws IOException if the function is no virtio-9p device, or the device does not work; {@code function} is
     *     closed then
     */
    public static VirtioChannel open(
            final PciFunction function, final String kind, final String name, final int maxMessageSize)
            throws IOException {
        final Deadline deadline = Deadline.start("ninepin-virtio-open", OPEN_PATIENCE, function::close);
        try {
            final VirtioTransport transport = VirtioTransport.setUp(function, maxMessageSize);
            final ChannelInfo info = new ChannelInfo(kind, name, transport.details());
            LOG.debug("opened {}", info);
            final VirtioChannel channel = new VirtioChannel(function, transport, maxMessageSize, info);
            function.onGone(channel::fail);
            return channel;
        } catch (final IOException e) {
            function.close();
            throw new IOException(kind + ":" + name + ": " + e.getMessage(), e);
        } catch (final RuntimeException e) {
            function.close();
            throw e;
        } finally {
            deadline.close();
        }
    }

    @Override
    public ChannelInfo info() {
        return info;
    }

    @Override
    public int maxMessageSize() {
        return maxMessageSize;
    }

    @Override
    public int maxRequests() {
        return queue.capacity();
    }

    @Override
    public int maxDataRequests() {
        return memory.maxDataRequests();
    }

    @Override
    public boolean carriesData(final Tmessage request) {
        return MessageMemory.isLarge(Frame.sizeOf(request)) || MessageMemory.isLarge(request.replySize());
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        final int size = checkSize(Frame.sizeOf(request));
        final int replySize = checkSize(request.replySize());
        end.check();
        final RequestBuffers slot = takeSlot(size, replySize);
        final ByteBuffer target = slot.message().bytes().clear();
        try {
            new Frame(tag, request).encode(target);
        } catch (final RuntimeException e) {
            memory.giveBack(slot);
            throw e;
        }
        slot.tag(tag);
        // Before the post, so that the reply is never counted before the request.
        replyWait.countPosted();
        queue.post(
                slot.number(),
                slot.message().segments(),
                target.position(),
                slot.reply().segments(),
                replySize);
    }

    @Override
    public void flush() throws IOException {
        end.check();
        if (queue.needsDoorbell()) {
            try {
                checkMemory();
                device.ringDoorbell();
            } catch (final IOException e) {
                throw failWith(e);
            }
        }
        replyWait.noteFlush();
    }

    @Override
    public Received receive() throws IOException {
        try {
            replyWait.begin();
            while (true) {
                end.check();
                final @Nullable Used used = queue.poll();
                if (used != null) {
                    replyWait.countAnswered();
                    return reply(used);
                }
                replyWait.pause();
            }
        } catch (final IOException e) {
            throw failWith(e);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Resets the device first, which ends the requests in flight. If the reset takes too long, the PCI function is
     * closed while the reset still runs.
     */
    @Override
    public void close() {
        if (!end.close()) {
            return;
        }
        wakeAll();
        final Deadline deadline = Deadline.start("ninepin-virtio-close", function.resetPatience(), function::close);
        try {
            device.reset();
        } catch (final IOException e) {
            LOG.debug("{} was not reset: {}", info.device(), e.getMessage());
        } finally {
            deadline.close();
            function.close();
        }
        LOG.debug("closed {}", info);
    }

    /**
     * Ends the channel for {@code reason}, unless it has ended already. Waiting threads get the exception. Any thread.
     */
    void fail(final IOException reason) {
        end.fail(reason);
        wakeAll();
    }

    private IOException failWith(final IOException reason) {
        fail(reason);
        return end.reason();
    }

    private int checkSize(final int size) {
        if (size > maxMessageSize) {
            throw new IllegalArgumentException(
                    "a message of " + size + " bytes is larger than this channel's largest, " + maxMessageSize);
        }
        return size;
    }

    private RequestBuffers takeSlot(final int size, final int replySize) throws IOException {
        final @Nullable RequestBuffers free = memory.tryTake(size, replySize);
        if (free != null) {
            return free;
        }
        // The needed buffers may belong to requests that the device has not been told of yet.
        flush();
        final @Nullable RequestBuffers slot = memory.take(size, replySize);
        if (slot != null) {
            return slot;
        }
        throw end.reason();
    }

    private Received reply(final Used used) throws IOException {
        final RequestBuffers slot = memory.slot(used.request());
        final ByteBuffer message = slot.reply().bytes().slice(0, used.length()).order(ByteOrder.LITTLE_ENDIAN);
        if (used.length() > 0 && (used.length() < Frame.HEADER_SIZE || Frame.peekSize(message) != used.length())) {
            throw new IOException(
                    "the device wrote a reply of " + used.length() + " bytes whose size field says something else");
        }
        return new Received(slot.tag(), message, () -> memory.giveBack(slot));
    }

    /**
     * Checks at intervals, before the device is told of new requests, that it would still write to the right memory.
     */
    private void checkMemory() throws IOException {
        final long now = System.nanoTime();
        if (now - lastCheck >= MEMORY_CHECK_INTERVAL) {
            lastCheck = now;
            dma.checkInPlace();
        }
    }

    private void checkHealth() throws IOException {
        device.checkHealth();
        dma.checkInPlace();
    }

    private void wakeAll() {
        memory.close();
        replyWait.wake();
    }
}
