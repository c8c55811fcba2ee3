package dev.ninepin.virtio.qemu;

import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A PCI function in a QEMU without a guest. Configuration space is accessed through the two I/O ports of a PC,
 * registers through qtest. DMA memory is the guest's RAM, which this process shares. This class also assigns addresses
 * to BARs, as firmware normally does.
 */
final class QtestPciFunction implements PciFunction {
    private static final int CONFIG_ADDRESS_PORT = 0xcf8;
    private static final int CONFIG_DATA_PORT = 0xcfc;
    private static final int CONFIG_ENABLE = 1 << 31;
    private static final int SLOT_SHIFT = 11;

    /** The range of addresses that a PC with little memory has free for BARs, below its interrupt controllers. */
    private static final long FIRST_BAR_ADDRESS = 0xe000_0000L;

    private static final long END_OF_BARS = 0xfec0_0000L;

    private final QtestConnection qtest;
    private final int slot;
    private final DmaMemory memory;
    private final QemuServer server;
    private final SortedMap<Integer, Mmio> bars = new TreeMap<>();
    private long nextBarAddress = FIRST_BAR_ADDRESS;

    /**
     * @param server the QEMU process, which {@link #close} ends
     * @param slot the device's number on the first bus; its function is 0
     * @param memory the usable part of the guest's RAM
     */
    QtestPciFunction(final QemuServer server, final int slot, final DmaMemory memory) throws IOException {
        this.qtest = server.qtest();
        this.server = server;
        this.slot = slot;
        this.memory = memory;
    }

    @Override
    public String address() {
        return String.format("0000:00:%02x.0", slot);
    }

    @Override
    public int readConfig(final int offset, final int width) throws IOException {
        select(offset, width);
        return (int) qtest.call("in" + QtestConnection.suffix(width) + dataPort(offset));
    }

    @Override
    public void writeConfig(final int offset, final int width, final int value) throws IOException {
        select(offset, width);
        qtest.call("out" + QtestConnection.suffix(width) + dataPort(offset) + " 0x" + Integer.toHexString(value));
    }

    @Override
    public Mmio mapBar(final int bar) throws IOException {
        final @Nullable Mmio known = bars.get(Objects.checkIndex(bar, PciConfig.BARS));
        if (known != null) {
            return known;
        }
        final int register = PciConfig.bar(bar);
        final int flags = readConfig32(register) & PciConfig.BAR_FLAGS_MASK;
        // PCI Local Bus 3.0, 6.2.5.1: after a write of all ones, only the address bits above the size read as one.
        writeConfig(register, Integer.BYTES, -1);
        final long size = -(long) (readConfig32(register) & ~PciConfig.BAR_FLAGS_MASK);
        if ((flags & PciConfig.BAR_IS_IO) != 0 || size <= 0) {
            throw new IOException(address() + " has no memory BAR " + bar);
        }
        final long at = (nextBarAddress + size - 1) & -size;
        if (at + size > END_OF_BARS) {
            throw new IOException("BAR " + bar + " of " + address() + " has " + size + " bytes: too large");
        }
        writeConfig(register, Integer.BYTES, (int) at);
        if ((flags & PciConfig.BAR_TYPE_MASK) == PciConfig.BAR_TYPE_64_BIT) {
            writeConfig(register + Integer.BYTES, Integer.BYTES, 0);
        }
        nextBarAddress = at + size;
        final Mmio mapped = new QtestMmio(qtest, at, size);
        bars.put(bar, mapped);
        return mapped;
    }

    @Override
    public DmaMemory dmaMemory(final int size, final boolean translated) throws IOException {
        if (size > memory.bytes().capacity()) {
            throw new IOException(
                    "the guest has " + memory.bytes().capacity() + " bytes of DMA memory, but " + size + " are needed");
        }
        return memory;
    }

    @Override
    public void onGone(final Consumer<IOException> action) {
        server.onEnd(action);
    }

    /** Returns a short time. The device ends with its process, so an unfinished reset does no harm. */
    @Override
    public Duration resetPatience() {
        return Duration.ofSeconds(1);
    }

    @Override
    public void close() {
        server.close();
    }

    private void select(final int offset, final int width) throws IOException {
        Objects.checkFromIndexSize(offset, width, PciConfig.SIZE);
        final int address = CONFIG_ENABLE | (slot << SLOT_SHIFT) | (offset & -Integer.BYTES);
        qtest.call("outl 0x" + Integer.toHexString(CONFIG_ADDRESS_PORT) + " 0x" + Integer.toHexString(address));
    }

    private static String dataPort(final int offset) {
        return " 0x" + Integer.toHexString(CONFIG_DATA_PORT + offset % Integer.BYTES);
    }
}
