package dev.ninepin.channel.vio9p;

import dev.ninepin.channel.BufferPool;
import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelEnd;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel over illumos's character device of a virtio-9p device, {@code /dev/9p/N}.
 *
 * <p>Opening or closing the device does not reset it, so it may deliver replies to requests of its previous user.
 * {@link WireTags} detects these.
 *
 * <p>The channel does not take Tflush. The driver reads the size of a reply from its first bytes. A flushed request has
 * no reply, so the driver would deliver the earlier reply that its buffer still holds.
 */
public final class Vio9pChannel implements Channel {
    private static final Logger LOG = LoggerFactory.getLogger(Vio9pChannel.class);

    /** The largest message in either direction, in bytes. Source: {@code VIRTIO_9P_REQ_SIZE} of the driver. */
    public static final int MAX_MESSAGE_SIZE = 8192;

    /** Source: {@code VIRTIO_9P_MAX_REQS} of the driver. */
    private static final int MAX_REQUESTS = 16;

    /** In bytes. If the driver reports a reply that does not fit into this, it is not a valid reply. */
    private static final int LARGEST_REPLY = 1 << 20;

    private final Vio9pDevice device;
    private final String name;
    private final String mountTag;

    /** The buffer size that the first read of a reply offers, in bytes. */
    private final int replyRoom;

    private final BufferPool pool = new BufferPool(LARGEST_REPLY, MAX_REQUESTS);
    private final WireTags tags = new WireTags(ThreadLocalRandom.current());

    /** Used by the sender only. */
    private final ByteBuffer outgoing =
            ByteBuffer.allocateDirect(MAX_MESSAGE_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    private final AtomicBoolean lockStepTold = new AtomicBoolean();
    private final ChannelEnd end;

    Vio9pChannel(final Vio9pDevice device, final String name, final byte[] mountTag, final int replyRoom) {
        this.device = device;
        this.name = name;
        this.end = new ChannelEnd("vio9p:" + name);
        this.mountTag = MountTagText.of(mountTag);
        this.replyRoom = replyRoom;
    }

    /**
     * Opens a device exclusively.
     *
     * @throws IOException if the device cannot be opened; its message is meant for the user
     */
    public static Vio9pChannel open(final Path path) throws IOException {
        return over(Vio9pDevice.open(path), path.toString());
    }

    /** Creates a channel over an open device. Closes the device on failure. */
    static Vio9pChannel over(final Vio9pDevice device, final String name) throws IOException {
        try {
            return new Vio9pChannel(device, name, device.mountTag(), MAX_MESSAGE_SIZE);
        } catch (final IOException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    @Override
    public ChannelInfo info() {
        final Map<String, String> details = new LinkedHashMap<>();
        if (!mountTag.isEmpty()) {
            details.put("mount_tag", mountTag);
        }
        details.put("requests_at_once", tags.isLockStep() ? "1 (the server does not return tags)" : "" + MAX_REQUESTS);
        return new ChannelInfo("vio9p", name, details);
    }

    @Override
    public int maxMessageSize() {
        return MAX_MESSAGE_SIZE;
    }

    @Override
    public int maxRequests() {
        return MAX_REQUESTS;
    }

    @Override
    public boolean takesFlush() {
        return false;
    }

    /**
     * Returns true because the driver may drop our first reply. The driver counts its users and drops replies to
     * earlier users. However, it resets the count to 0 with each request that ends. If a request of the previous user
     * ends, our first reply no longer carries the driver's count.
     */
    @Override
    public boolean mayLoseFirstReply() {
        return true;
    }

    /** Writes the message to the device. In lock-step, may instead queue it until its turn. */
    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        checkSize("a reply to " + request.messageType().notation(), request.replySize());
        checkSize(request.messageType().notation(), Frame.sizeOf(request));
        end.check();
        outgoing.clear();
        new Frame(tag, request).encode(outgoing);
        if (tags.begin(outgoing.flip())) {
            write(outgoing);
        }
    }

    /** Does nothing but check the channel, because {@link #send} writes every message at once. */
    @Override
    public void flush() throws IOException {
        end.check();
    }

    @Override
    public Received receive() throws IOException {
        end.check();
        try {
            final ByteBuffer reply = read();
            final int tag = tags.restoreTag(reply);
            if (tags.isLockStep()) {
                sendNextInLockStep();
            }
            return new Received(tag, reply, () -> pool.giveBack(reply));
        } catch (final IOException e) {
            throw failWith(e);
        }
    }

    @Override
    public void close() {
        if (end.close()) {
            device.close();
        }
    }

    private void sendNextInLockStep() throws IOException {
        if (!lockStepTold.getAndSet(true)) {
            LOG.info("The server behind {} does not return tags; it gets one request at a time", name);
        }
        final ByteBuffer next = tags.next();
        if (next != null) {
            write(next);
        }
    }

    private void write(final ByteBuffer message) throws IOException {
        try {
            device.write(message);
        } catch (final IOException e) {
            throw failWith(e);
        } catch (final IllegalArgumentException e) {
            tags.undo(message);
            throw e;
        }
    }

    private ByteBuffer read() throws IOException {
        for (int room = replyRoom; room <= LARGEST_REPLY; room *= 2) {
            final ByteBuffer reply = pool.take(room);
            final int size = device.read(reply);
            if (size >= 0) {
                checkReply(reply.limit(size));
                return reply;
            }
            pool.giveBack(reply);
        }
        throw new IOException("the device reports a message larger than " + LARGEST_REPLY + " bytes");
    }

    private static void checkReply(final ByteBuffer reply) throws IOException {
        final int count = reply.remaining();
        if (count < Frame.HEADER_SIZE || Frame.peekSize(reply) != count) {
            throw new IOException("the device returned " + count + " bytes that are not one message"
                    + (count < Integer.BYTES ? "" : ": the size field says " + Frame.peekSize(reply)));
        }
    }

    private static void checkSize(final String what, final int size) {
        if (size > MAX_MESSAGE_SIZE) {
            throw new IllegalArgumentException(
                    what + " of " + size + " bytes exceeds the channel's limit of " + MAX_MESSAGE_SIZE + " bytes");
        }
    }

    private IOException failWith(final IOException cause) {
        end.fail(cause);
        return end.reason();
    }
}
