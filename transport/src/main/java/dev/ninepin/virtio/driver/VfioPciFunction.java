package dev.ninepin.virtio.driver;

import dev.ninepin.os.EventFd;
import dev.ninepin.virtio.dma.AnonymousMemory;
import dev.ninepin.virtio.dma.ContiguousDmaMemory;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.PhysicalMemory;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A PCI function of this system, accessed through VFIO. If an IOMMU translates the device's accesses, DMA memory is any
 * memory, at device addresses that this class chooses. Otherwise DMA memory is physical memory.
 */
final class VfioPciFunction extends ClaimedPciFunction {
    /**
     * The device's address of the DMA memory: beyond all ranges that PCs and Arm machines reserve, such as for
     * interrupts, and within 39 bits.
     */
    private static final long FIRST_IOVA = 1L << 32;

    private static final int PAGE = 1 << 16;

    private final VfioDevice device;
    private final boolean iommu;
    private final Mmio config;

    private VfioPciFunction(
            final DeviceClaim claim,
            final Path lockDirectory,
            final VfioDevice device,
            final boolean iommu,
            final Mmio config,
            final EventFd removal,
            final Optional<Interrupt> interrupt) {
        super(claim, lockDirectory, DriverKind.VFIO, removal, interrupt);
        this.device = device;
        this.iommu = iommu;
        this.config = config;
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
            final VfioDevice.Region region = device.region(Vfio.CONFIG_REGION);
            final Mmio config = new VfioMmio(device, new VfioDevice.Region(region.offset(), PciConfig.SIZE));
            final EventFd removal = EventFd.create();
            try {
                device.routeRemoval(removal);
                // Last, because a failure of a later step would leave the interrupt open.
                final Optional<Interrupt> interrupt =
                        device.msixVectors() > 0 ? Optional.of(MessageInterrupt.open(device)) : Optional.empty();
                return new VfioPciFunction(claim, lockDirectory, device, iommu, config, removal, interrupt);
            } catch (final IOException | RuntimeException e) {
                removal.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    @Override
    public int readConfig(final int offset, final int width) throws IOException {
        return config.read(offset, width);
    }

    @Override
    public void writeConfig(final int offset, final int width, final int value) throws IOException {
        config.write(offset, width, value);
    }

    @Override
    boolean hasBar(final int bar) throws IOException {
        return device.region(bar).length() > 0;
    }

    @Override
    Mmio map(final int bar) throws IOException {
        return new VfioMmio(device, device.region(bar));
    }

    @Override
    Optional<DmaMemory> translatedMemory(final int size) throws IOException {
        if (!iommu) {
            return Optional.empty();
        }
        PhysicalMemory.checkAvailable(size);
        final ByteBuffer bytes;
        try (AnonymousMemory memory = AnonymousMemory.create(Math.addExact(size, PAGE - 1) & -PAGE)) {
            bytes = memory.bytes();
        }
        device.mapForDma(bytes, FIRST_IOVA);
        return Optional.of(new ContiguousDmaMemory(bytes, FIRST_IOVA));
    }

    /** Does nothing. Before the kernel removes a device that is open through VFIO, it raises an event and waits. */
    @Override
    void requirePresent() {}

    @Override
    void addDetails(final Map<String, String> details) {
        details.put("iommu", iommu ? "yes" : "no");
    }

    @Override
    void closeDevice() {
        device.close();
    }
}
