package dev.ninepin.virtio.driver;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.virtio.dma.AnonymousMemory;
import dev.ninepin.virtio.dma.ContiguousDmaMemory;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.PhysicalMemory;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.pci.PciShutdown;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PCI function of this system, accessed through VFIO. If an IOMMU translates the device's accesses, DMA memory is any
 * memory, at device addresses that this class chooses. Otherwise DMA memory is physical memory.
 */
final class VfioPciFunction implements PciFunction {
    private static final Logger LOG = LoggerFactory.getLogger(VfioPciFunction.class);

    /**
     * The device's address of the DMA memory: beyond all ranges that PCs and Arm machines reserve, such as for
     * interrupts, and within 39 bits.
     */
    private static final long FIRST_IOVA = 1L << 32;

    private static final int PAGE = 1 << 16;

    private final DeviceClaim claim;
    private final Path lockDirectory;
    private final VfioDevice device;
    private final boolean iommu;
    private final VfioDevice.Region config;
    private final Optional<MessageInterrupt> interrupt;

    @GuardedBy("this")
    private final SortedMap<Integer, Mmio> bars = new TreeMap<>();

    @GuardedBy("this")
    private @Nullable PhysicalMemory physical;

    @GuardedBy("this")
    private @Nullable String memoryKind;

    @GuardedBy("this")
    private boolean closed;

    private VfioPciFunction(
            final DeviceClaim claim, final Path lockDirectory, final VfioDevice device, final boolean iommu)
            throws IOException {
        this.claim = claim;
        this.lockDirectory = lockDirectory;
        this.device = device;
        this.iommu = iommu;
        this.config = device.region(Vfio.CONFIG_REGION);
        // Last, because nothing closes the interrupt if a later step fails.
        this.interrupt = device.msixVectors() > 0 ? Optional.of(MessageInterrupt.open(device)) : Optional.empty();
    }

    /**
     * Opens the device of {@code claim}. The function owns the claim from then on, unless this method throws.
     *
     * @param lockDirectory the lock directory of {@link PhysicalMemory#allocate}
     */
    static VfioPciFunction open(final DeviceClaim claim, final Path lockDirectory) throws IOException {
        claim.bind(DriverKind.VFIO);
        final SysfsDevice found = claim.device();
        final String group = found.iommuGroup()
                .orElseThrow(() -> new IOException("vfio-pci has made no group for " + found.address()));
        final boolean iommu = !found.isNoIommuGroup();
        return over(VfioDevice.open(found.address(), group, iommu), claim, lockDirectory, iommu);
    }

    /** Creates a function over an open device. Closes the device on failure. */
    static VfioPciFunction over(
            final VfioDevice device, final DeviceClaim claim, final Path lockDirectory, final boolean iommu)
            throws IOException {
        try {
            return new VfioPciFunction(claim, lockDirectory, device, iommu);
        } catch (final IOException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    @Override
    public String address() {
        return claim.device().address();
    }

    @Override
    public int readConfig8(final int offset) throws IOException {
        return (int) device.read(configAt(offset, Byte.BYTES), Byte.BYTES);
    }

    @Override
    public int readConfig16(final int offset) throws IOException {
        return (int) device.read(configAt(offset, Short.BYTES), Short.BYTES);
    }

    @Override
    public int readConfig32(final int offset) throws IOException {
        return (int) device.read(configAt(offset, Integer.BYTES), Integer.BYTES);
    }

    @Override
    public void writeConfig16(final int offset, final int value) throws IOException {
        device.write(configAt(offset, Short.BYTES), Short.BYTES, value);
    }

    @Override
    public synchronized Mmio mapBar(final int bar) throws IOException {
        final @Nullable Mmio known = bars.get(Objects.checkIndex(bar, PciConfig.BARS));
        if (known != null) {
            return known;
        }
        final VfioDevice.Region region = device.region(bar);
        if (region.length() == 0 || (readConfig32(PciConfig.bar(bar)) & PciConfig.BAR_IS_IO) != 0) {
            throw new IOException(address() + " has no memory BAR " + bar);
        }
        final Mmio mapped = new VfioMmio(device, region);
        bars.put(bar, mapped);
        return mapped;
    }

    @Override
    public synchronized DmaMemory dmaMemory(final int size, final boolean translated) throws IOException {
        if (closed || memoryKind != null) {
            throw new IllegalStateException("memory is to be had once, while the function is open");
        }
        if (iommu && translated) {
            final DmaMemory memory = mapMemory(size);
            memoryKind = "iommu";
            return memory;
        }
        // Without VIRTIO_F_ACCESS_PLATFORM a virtio device bypasses the IOMMU, even if there is one.
        physical = PhysicalMemory.allocate(size, claim.device().config(), lockDirectory);
        memoryKind = physical.kind();
        return physical.memory();
    }

    private DmaMemory mapMemory(final int size) throws IOException {
        PhysicalMemory.checkAvailable(size);
        final ByteBuffer bytes;
        try (AnonymousMemory memory = AnonymousMemory.create(Math.addExact(size, PAGE - 1) & -PAGE)) {
            bytes = memory.bytes();
        }
        device.mapForDma(bytes, FIRST_IOVA);
        return new ContiguousDmaMemory(bytes, FIRST_IOVA);
    }

    @Override
    public Optional<Interrupt> interrupt() {
        return interrupt.map(message -> message);
    }

    @Override
    public synchronized Map<String, String> details() {
        final Map<String, String> details = new LinkedHashMap<>();
        details.put("driver", DriverKind.VFIO.optionValue());
        details.put("iommu", iommu ? "yes" : "no");
        details.put("interrupt", interrupt.map(MessageInterrupt::kind).orElse("none"));
        if (memoryKind != null) {
            details.put("memory", memoryKind);
        }
        return details;
    }

    /** Does nothing: the registers of an unplugged device read as all ones, which the driver detects. */
    @Override
    public void onGone(final Consumer<IOException> action) {}

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        // Before the memory is released: after this the device accesses no memory, even if it was not reset.
        PciShutdown.stop(this);
        interrupt.ifPresent(MessageInterrupt::close);
        device.close();
        if (physical != null) {
            physical.close();
        }
        claim.close();
        LOG.debug("VFIO has {} back", address());
    }

    private long configAt(final int offset, final int width) {
        return config.offset() + Objects.checkFromIndexSize(offset, width, PciConfig.SIZE);
    }
}
