package dev.ninepin.virtio.device;

import dev.ninepin.p9.ByteString;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.pci.CommonRegisters;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.MountTag;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.pci.VirtioCapabilities;
import dev.ninepin.virtio.queue.QueueLayout;
import dev.ninepin.virtio.queue.VirtioFeatures;
import dev.ninepin.virtio.queue.Virtqueue;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A modern virtio-9p device on PCI, driven through its registers: status, features, queue addresses, doorbell, mount
 * tag. Source: virtio 1.2, 3.1.1 (initialization) and 4.1.
 *
 * <p>One thread at a time sets up the device. After that, the sender calls {@link #ringDoorbell}, the reply reader
 * {@link #checkHealth}, and the closing thread {@link #reset}.
 */
public final class VirtioPciDevice {
    private static final int VENDOR = 0x1af4;
    private static final int MODERN_9P = 0x1049;
    /** The device ID of a transitional device, which also supports the legacy interface from before virtio 1.0. */
    private static final int TRANSITIONAL_9P = 0x1009;

    /** The subsystem ID of a transitional 9P device: the virtio device type. */
    private static final int SUBSYSTEM_9P = 9;

    private static final int ACKNOWLEDGE = 1;
    private static final int DRIVER = 2;
    private static final int DRIVER_OK = 4;
    private static final int FEATURES_OK = 8;
    private static final int NEEDS_RESET = 0x40;
    /** The value of every register byte of a device that is gone. */
    private static final int ALL_ONES = 0xff;

    /** The number of the request queue, the only queue of a 9P device. */
    static final int REQUEST_QUEUE = 0;

    private static final int MOST_ATTEMPTS = 1000;

    private final PciFunction function;
    private final Mmio common;
    private final Mmio doorbells;
    private final Mmio config;
    private final @Nullable Mmio isr;
    private final long doorbellMultiplier;
    private long doorbell;

    private VirtioPciDevice(final PciFunction function, final VirtioCapabilities capabilities) throws IOException {
        this.function = function;
        this.common = capabilities.map(function, VirtioCapabilities.Kind.COMMON);
        this.doorbells = capabilities.map(function, VirtioCapabilities.Kind.NOTIFY);
        this.config = capabilities.map(function, VirtioCapabilities.Kind.DEVICE);
        this.isr = capabilities.structures().containsKey(VirtioCapabilities.Kind.ISR)
                ? capabilities.map(function, VirtioCapabilities.Kind.ISR)
                : null;
        this.doorbellMultiplier = capabilities.notifyMultiplier();
    }

    /**
     * Finds the structures of the device behind {@code function}, enables bus mastering, and resets the device.
     *
     * @throws IOException if the function is no modern virtio-9p device, or does not behave as one
     */
    static VirtioPciDevice open(final PciFunction function) throws IOException {
        final int vendor = function.readConfig16(PciConfig.VENDOR_ID);
        final int id = function.readConfig16(PciConfig.DEVICE_ID);
        if (!isVirtio9p(vendor, id, function.readConfig16(PciConfig.SUBSYSTEM_ID))) {
            throw new IOException(String.format(
                    "the device at %s is %04x:%04x, not virtio-9p (%04x:%04x or %04x:%04x)",
                    function.address(), vendor, id, VENDOR, MODERN_9P, VENDOR, TRANSITIONAL_9P));
        }
        final VirtioPciDevice device = new VirtioPciDevice(function, VirtioCapabilities.read(function));
        final int command = function.readConfig16(PciConfig.COMMAND);
        // The interrupt line is enabled only while a thread waits for it (Interrupt.arm), because otherwise nothing
        // handles its interrupts.
        function.writeConfig16(
                PciConfig.COMMAND,
                command | PciConfig.COMMAND_MEMORY | PciConfig.COMMAND_BUS_MASTER | PciConfig.COMMAND_NO_INTX);
        device.reset();
        return device;
    }

    /** Returns whether the IDs in configuration space are those of a virtio-9p device. */
    public static boolean isVirtio9p(final int vendor, final int device, final int subsystem) {
        return vendor == VENDOR && (device == MODERN_9P || (device == TRANSITIONAL_9P && subsystem == SUBSYSTEM_9P));
    }

    /**
     * Resets the device: it drops its queues and features, and ends its requests. Polls until the device reports the
     * reset as done.
     *
     * @throws IOException if the device does not report it after many reads
     */
    public void reset() throws IOException {
        common.write8(CommonRegisters.DEVICE_STATUS, 0);
        // 4.1.4.3.2: the reset is complete only when the status reads back as 0.
        for (int i = 0; common.read8(CommonRegisters.DEVICE_STATUS) != 0; i++) {
            if (i == MOST_ATTEMPTS) {
                throw new IOException("the device at " + function.address() + " does not reset");
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Negotiates features. Call it right after {@link #reset}.
     *
     * @param wanted the features that the driver can use; the device must offer {@link VirtioFeatures#VERSION_1} and
     *     {@link VirtioFeatures#MOUNT_TAG}
     * @return the features that both sides support
     * @throws IOException if the device lacks a required feature or rejects the result
     */
    VirtioFeatures negotiate(final VirtioFeatures wanted) throws IOException {
        addStatus(ACKNOWLEDGE);
        addStatus(DRIVER);
        final VirtioFeatures features = offered().and(wanted);
        require(features, VirtioFeatures.VERSION_1, "does not follow virtio 1.x");
        require(features, VirtioFeatures.MOUNT_TAG, "has no mount tag");
        common.write32(CommonRegisters.DRIVER_FEATURE_SELECT, 0);
        common.write32(CommonRegisters.DRIVER_FEATURE, (int) features.bits());
        common.write32(CommonRegisters.DRIVER_FEATURE_SELECT, 1);
        common.write32(CommonRegisters.DRIVER_FEATURE, (int) (features.bits() >>> Integer.SIZE));
        addStatus(FEATURES_OK);
        if ((common.read8(CommonRegisters.DEVICE_STATUS) & FEATURES_OK) == 0) {
            throw new IOException("the device at " + function.address() + " refuses the features " + features);
        }
        return features;
    }

    /** Returns the features that the device offers. */
    VirtioFeatures offered() throws IOException {
        common.write32(CommonRegisters.DEVICE_FEATURE_SELECT, 0);
        final long low = Integer.toUnsignedLong(common.read32(CommonRegisters.DEVICE_FEATURE));
        common.write32(CommonRegisters.DEVICE_FEATURE_SELECT, 1);
        final long high = Integer.toUnsignedLong(common.read32(CommonRegisters.DEVICE_FEATURE));
        return new VirtioFeatures(high << Integer.SIZE | low);
    }

    /**
     * Returns the number of request queue slots to use: the device's queue size, at most {@link Virtqueue#MAX_SIZE}.
     */
    int queueSize() throws IOException {
        common.write16(CommonRegisters.QUEUE_SELECT, REQUEST_QUEUE);
        final int size = common.read16(CommonRegisters.QUEUE_SIZE);
        if (Integer.bitCount(size) != 1 || size < 2) {
            throw new IOException(
                    "the device at " + function.address() + " has an invalid queue of " + size + " slots");
        }
        return Math.min(size, Virtqueue.MAX_SIZE);
    }

    /**
     * Gives the device the addresses of the request queue, whose rings are in {@code memory}, and makes the device
     * live.
     */
    void start(final DmaMemory memory, final QueueLayout queue) throws IOException {
        common.write16(CommonRegisters.QUEUE_SELECT, REQUEST_QUEUE);
        common.write16(CommonRegisters.QUEUE_SIZE, queue.queueSize());
        final int vector = function.interrupt().map(Interrupt::vector).orElse(Interrupt.LINE);
        if (vector != Interrupt.LINE) {
            common.write16(CommonRegisters.QUEUE_MSIX_VECTOR, vector);
            // 4.1.5.1.2.2: the register reads back as NO_VECTOR if the device could not set the vector.
            if (common.read16(CommonRegisters.QUEUE_MSIX_VECTOR) != vector) {
                throw new IOException("the device at " + function.address() + " does not take interrupt " + vector);
            }
        }
        write64(CommonRegisters.QUEUE_DESC, memory.addressOf(queue.descriptorTable(), queue.descriptorTableSize()));
        write64(CommonRegisters.QUEUE_DRIVER, memory.addressOf(queue.available(), queue.availableSize()));
        write64(CommonRegisters.QUEUE_DEVICE, memory.addressOf(queue.used(), queue.usedSize()));
        doorbell = common.read16(CommonRegisters.QUEUE_NOTIFY_OFF) * doorbellMultiplier;
        if (doorbell + Short.BYTES > doorbells.size()) {
            throw new IOException("the doorbell of " + function.address() + " lies beyond its registers");
        }
        common.write16(CommonRegisters.QUEUE_ENABLE, 1);
        addStatus(DRIVER_OK);
    }

    /** Tells the device to process the request queue; does not wait until it does. */
    public void ringDoorbell() throws IOException {
        doorbells.post16(doorbell, REQUEST_QUEUE);
    }

    /**
     * Checks by the status register that the device still works.
     *
     * @throws IOException if the device is broken or gone, or was reset by other software
     */
    public void checkHealth() throws IOException {
        final int status = common.read8(CommonRegisters.DEVICE_STATUS);
        if (status == ALL_ONES) {
            throw new IOException("the device at " + function.address() + " is gone");
        }
        if ((status & NEEDS_RESET) != 0) {
            throw new IOException("the device at " + function.address()
                    + " is broken: it failed on a request, and answers nothing until it is reset");
        }
        if ((status & DRIVER_OK) == 0) {
            throw new IOException("the device at " + function.address() + " was reset by another program");
        }
    }

    /** Returns the mount tag, the name of the share. */
    ByteString mountTag() throws IOException {
        return MountTag.read(function.address(), common, config);
    }

    /**
     * Reads the ISR register, so that the device deasserts the interrupt line (4.1.4.5). Needed only if the driver uses
     * the line.
     */
    void acknowledgeInterrupt() throws IOException {
        if (isr == null) {
            throw new IOException("the device at " + function.address() + " has no ISR register");
        }
        final int unused = isr.read8(0);
    }

    private void require(final VirtioFeatures features, final int feature, final String otherwise) throws IOException {
        if (!features.has(feature)) {
            throw new IOException("the device at " + function.address() + " " + otherwise);
        }
    }

    private void addStatus(final int bit) throws IOException {
        common.write8(CommonRegisters.DEVICE_STATUS, common.read8(CommonRegisters.DEVICE_STATUS) | bit);
    }

    private void write64(final int register, final long value) throws IOException {
        common.write32(register, (int) value);
        common.write32(register + Integer.BYTES, (int) (value >>> Integer.SIZE));
    }
}
