package dev.ninepin.virtio.device;

import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.pci.CommonRegisters;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.queue.MockQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A simulated virtio-9p device on PCI: registers, configuration space and the device's side of the queue.
 *
 * <p>A test configures the device before the driver finds it. The test handles requests in a callback ({@link
 * #onRequest}) or takes them itself ({@link #queue}), and can break the device at any time. Each structure is in a BAR
 * of its own.
 */
public final class MockDevice implements PciFunction {
    /** All features that a driver may accept. */
    public static final long ALL_FEATURES = 1L << 32 | 1 << 29 | 1 << 28 | 1;

    public static final int COMMON_BAR = 0;
    public static final int NOTIFY_BAR = 2;
    public static final int DEVICE_BAR = 4;
    static final int FIRST_CAPABILITY = 0x40;

    private static final int MOST_MEMORY = 1 << 28;
    private static final int BAR_SIZE = 0x1000;
    private static final int NOTIFY_MULTIPLIER = 4;
    private static final int NOTIFY_OFFSET = 3;
    private static final int NEEDS_RESET = 0x40;
    private static final int FEATURES_OK = 8;
    private static final int INDIRECT_EVENT_IDX = 29;

    private final ByteBuffer config = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer registers = ByteBuffer.allocate(BAR_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer deviceConfig = ByteBuffer.allocate(BAR_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final AtomicInteger doorbells = new AtomicInteger();
    private final Queue<Integer> statusScript = new ArrayDeque<>();
    private @Nullable MockMemory memory;
    private long features = ALL_FEATURES;
    private long accepted;
    private boolean refusesFeatures;
    private int queueSize = 128;
    private int generationChanges;
    private Consumer<MockRequest> onRequest = request -> {};
    private Consumer<IOException> onGone = reason -> {};
    private volatile MockQueue queue;
    private volatile boolean closed;

    /** Creates a working modern device with the mount tag {@code share}. */
    public MockDevice() {
        ids(0x1af4, 0x1049);
        config.putShort(PciConfig.SUBSYSTEM_ID, (short) 9);
        config.putShort(PciConfig.STATUS, (short) PciConfig.STATUS_HAS_CAPABILITIES);
        config.put(PciConfig.CAPABILITIES, (byte) FIRST_CAPABILITY);
        // An MSI-X capability comes first: a driver must skip capabilities of other kinds.
        config.put(FIRST_CAPABILITY, (byte) 0x11).put(FIRST_CAPABILITY + 1, (byte) 0x50);
        capability(0x50, 0x64, 1, COMMON_BAR, 0x100, 56);
        capability(0x64, 0x78, 2, NOTIFY_BAR, 0x200, 0x100);
        config.put(0x64 + 2, (byte) 20).putInt(0x64 + 16, NOTIFY_MULTIPLIER);
        capability(0x78, 0, 4, DEVICE_BAR, 0x300, 0x100);
        mountTag("share");
    }

    public MockDevice ids(final int vendor, final int device) {
        config.putShort(PciConfig.VENDOR_ID, (short) vendor).putShort(PciConfig.DEVICE_ID, (short) device);
        return this;
    }

    public MockDevice features(final long offered) {
        features = offered;
        return this;
    }

    public MockDevice refusingFeatures() {
        refusesFeatures = true;
        return this;
    }

    public MockDevice queueSize(final int slots) {
        queueSize = slots;
        return this;
    }

    public MockDevice memory(final MockMemory newMemory) {
        memory = newMemory;
        return this;
    }

    public MockDevice mountTag(final String tag) {
        deviceConfig.putShort(0x300, (short) tag.length());
        for (int i = 0; i < tag.length(); i++) {
            deviceConfig.put(0x302 + i, (byte) tag.charAt(i));
        }
        return this;
    }

    /** Announces a mount tag of {@code length} bytes, whatever its real length. */
    public MockDevice mountTagLength(final int length) {
        deviceConfig.putShort(0x300, (short) length);
        return this;
    }

    /** Changes the configuration generation at each of the next {@code count} reads. */
    public MockDevice changingGeneration(final int count) {
        generationChanges = count;
        return this;
    }

    /** Makes the next reads of the status return {@code values} instead of the real status. */
    public synchronized MockDevice statusReads(final int... values) {
        for (final int value : values) {
            statusScript.add(value);
        }
        return this;
    }

    /**
     * Sets the handler of requests, which runs in the sender's thread when the doorbell rings. The default handler does
     * nothing.
     */
    public MockDevice onRequest(final Consumer<MockRequest> action) {
        onRequest = action;
        return this;
    }

    /** Returns the configuration space, for tests that break it. */
    public ByteBuffer config() {
        return config;
    }

    public void capability(
            final int at, final int next, final int type, final int bar, final int offset, final int length) {
        config.put(at, (byte) 9).put(at + 1, (byte) next).put(at + 2, (byte) 16);
        config.put(at + 3, (byte) type).put(at + 4, (byte) bar);
        config.putInt(at + 8, offset).putInt(at + 12, length);
    }

    /** Returns the device's side of the queue, once the driver has set up the queue. */
    public MockQueue queue() {
        return queue;
    }

    public int doorbells() {
        return doorbells.get();
    }

    /** Returns the features that the driver accepted. */
    public long accepted() {
        return accepted;
    }

    public boolean isClosed() {
        return closed;
    }

    public int status() {
        return Byte.toUnsignedInt(registers.get(CommonRegisters.DEVICE_STATUS));
    }

    /** Enters the state of a device that met a request that it cannot handle. */
    public void breakDown() {
        setStatus(status() | NEEDS_RESET);
    }

    /** Makes the device end on its own, for {@code reason}. */
    public void vanish(final String reason) {
        onGone.accept(new IOException(reason));
    }

    @Override
    public String address() {
        return "0000:00:1f.7";
    }

    @Override
    public int readConfig(final int offset, final int width) {
        return MockBar.get(config, offset, width);
    }

    @Override
    public void writeConfig(final int offset, final int width, final int value) {
        MockBar.put(config, offset, width, value);
    }

    @Override
    public Mmio mapBar(final int bar) throws IOException {
        return switch (bar) {
            case COMMON_BAR -> common;
            case NOTIFY_BAR -> notify;
            case DEVICE_BAR -> device;
            default -> throw new IOException("no BAR " + bar);
        };
    }

    @Override
    public DmaMemory dmaMemory(final int size, final boolean translated) throws IOException {
        if (size > MOST_MEMORY) {
            throw new IOException("not so much memory: " + size);
        }
        if (memory == null) {
            memory = MockMemory.contiguous(size);
        }
        return memory;
    }

    @Override
    public void onGone(final Consumer<IOException> action) {
        onGone = action;
    }

    @Override
    public void close() {
        closed = true;
    }

    private final MockBar device = new MockBar(BAR_SIZE) {
        @Override
        int readRegister(final int offset, final int width) {
            return get(deviceConfig, offset, width);
        }
    };

    private final MockBar notify = new MockBar(BAR_SIZE) {
        @Override
        void writeRegister(final int offset, final int width, final int value) {
            if (offset != 0x200 + NOTIFY_OFFSET * NOTIFY_MULTIPLIER || width != Short.BYTES || value != 0) {
                throw new AssertionError("the driver rang at " + offset + " with " + value);
            }
            doorbells.incrementAndGet();
            final MockQueue ring = queue;
            if (ring != null) {
                ring.take().forEach(onRequest);
            }
        }
    };

    private final MockBar common = new MockBar(BAR_SIZE) {
        @Override
        int readRegister(final int offset, final int width) {
            final int register = offset - 0x100;
            return switch (register) {
                case CommonRegisters.DEVICE_FEATURE ->
                    (int) (features >>> (Integer.SIZE * registers.getInt(CommonRegisters.DEVICE_FEATURE_SELECT)));
                case CommonRegisters.DEVICE_STATUS -> nextStatus();
                case CommonRegisters.CONFIG_GENERATION -> {
                    generationChanges = Math.max(0, generationChanges - 1);
                    yield generationChanges & 0xff;
                }
                case CommonRegisters.QUEUE_SIZE -> queueSize;
                case CommonRegisters.QUEUE_NOTIFY_OFF -> NOTIFY_OFFSET;
                default -> get(registers, register, width);
            };
        }

        @Override
        void writeRegister(final int offset, final int width, final int value) {
            final int register = offset - 0x100;
            put(registers, register, width, value);
            if (register == CommonRegisters.DRIVER_FEATURE) {
                final int shift = Integer.SIZE * registers.getInt(CommonRegisters.DRIVER_FEATURE_SELECT);
                accepted |= Integer.toUnsignedLong(value) << shift;
            } else if (register == CommonRegisters.DEVICE_STATUS) {
                statusWritten(value);
            } else if (register == CommonRegisters.QUEUE_SIZE) {
                queueSize = value;
            } else if (register == CommonRegisters.QUEUE_ENABLE && value == 1) {
                queue = new MockQueue(
                        memory,
                        queueSize,
                        registers.getLong(CommonRegisters.QUEUE_DESC),
                        registers.getLong(CommonRegisters.QUEUE_DRIVER),
                        registers.getLong(CommonRegisters.QUEUE_DEVICE),
                        (accepted & 1L << INDIRECT_EVENT_IDX) != 0);
            }
        }
    };

    private synchronized int nextStatus() {
        return statusScript.isEmpty() ? status() : statusScript.remove();
    }

    private void statusWritten(final int value) {
        if (value == 0) {
            accepted = 0;
            queue = null;
        } else if (refusesFeatures) {
            setStatus(value & ~FEATURES_OK);
        }
    }

    private void setStatus(final int value) {
        registers.put(CommonRegisters.DEVICE_STATUS, (byte) value);
    }
}
