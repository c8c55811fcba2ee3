package dev.ninepin.virtio;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channel to a virtio-9p device, however its PCI function is reached. Messages are written into, and read from,
 * the memory that the device sees; what is in flight is told apart by the number under which it was posted, not by what
 * the device says in a message.
 *
 * <p>The sender and the reply reader share no lock but that of {@link MessageMemory}, held for moments.
 */
final class VirtioChannel implements Channel {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioChannel.class);

    /** Setting up takes milliseconds, and seconds on an emulated processor. What takes longer hangs. */
    private static final Duration OPEN_PATIENCE = Duration.ofSeconds(20);

    /** A reset takes as long as the slowest request. What takes longer hangs. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    /** Memory is pinned: this would only tell of a kernel that pins it otherwise than we think. */
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

    /** When the memory's place was last looked at. Of the sender. */
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
        // The room is there anyway, and the reply to a Treadlink needs more than the least msize.
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
     * Sets the device up and opens its channel, which owns {@code function} from then on.
     *
     * @param kind the scheme of the source
     * @param name what the user knows the device by
     * @param maxMessageSize bytes
     * @throws IOException if it is no virtio-9p device, or one that does not work; {@code function} is closed then
     */
    static VirtioChannel open(
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
        final RequestSlot slot = takeSlot(size, replySize);
        final ByteBuffer target = slot.message().bytes().clear();
        try {
            new Frame(tag, request).encode(target);
        } catch (final RuntimeException e) {
            memory.giveBack(slot);
            throw e;
        }
        slot.tag(tag);
        // Before it is posted, so that it is never counted off first.
        replyWait.posted();
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
                throw failed(e);
            }
        }
        replyWait.flushed();
    }

    @Override
    public Received receive() throws IOException {
        try {
            replyWait.begin();
            while (true) {
                end.check();
                final @Nullable Used used = queue.poll();
                if (used != null) {
                    replyWait.answered();
                    return reply(used);
                }
                replyWait.pause();
            }
        } catch (final IOException e) {
            throw failed(e);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The device is reset first, which ends what is in flight; one that does not reset is taken away from it.
     */
    @Override
    public void close() {
        if (!end.close()) {
            return;
        }
        wakeAll();
        final Deadline deadline = Deadline.start("ninepin-virtio-close", CLOSE_PATIENCE, function::close);
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

    /** Ends the channel for {@code reason}, unless it was ended before; who waits gets the exception. Any thread. */
    void fail(final IOException reason) {
        end.fail(reason);
        wakeAll();
    }

    private IOException failed(final IOException reason) {
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

    private RequestSlot takeSlot(final int size, final int replySize) throws IOException {
        final @Nullable RequestSlot free = memory.tryTake(size, replySize);
        if (free != null) {
            return free;
        }
        // What we wait for may be held by requests that the device has not heard of yet.
        flush();
        final @Nullable RequestSlot slot = memory.take(size, replySize);
        if (slot != null) {
            return slot;
        }
        throw end.reason();
    }

    private Received reply(final Used used) throws IOException {
        final RequestSlot slot = memory.slot(used.request());
        final VirtioReceived received = new VirtioReceived(memory, slot, used.length());
        if (used.length() > 0) {
            final ByteBuffer message = received.message();
            if (used.length() < Frame.HEADER_SIZE || Frame.peekSize(message) != used.length()) {
                throw new IOException(
                        "the device wrote a reply of " + used.length() + " bytes whose size field says something else");
            }
        }
        return received;
    }

    /** Looks now and then, before the device gets to work, whether it would write where it should. */
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
