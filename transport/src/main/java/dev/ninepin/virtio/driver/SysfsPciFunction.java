package dev.ninepin.virtio.driver;

import dev.ninepin.os.EventFd;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.PhysicalMemory;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.MappedMmio;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciConfigFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A PCI function of this system, accessed through sysfs. Configuration space and BARs are files, and DMA memory is
 * physical memory. The function has an interrupt only while it is bound to uio_pci_generic: the interrupt line.
 */
final class SysfsPciFunction extends ClaimedPciFunction {
    private final PciConfigFile config;

    private SysfsPciFunction(
            final DeviceClaim claim,
            final Path lockDirectory,
            final DriverKind kind,
            final PciConfigFile config,
            final EventFd removal,
            final Optional<Interrupt> interrupt) {
        super(claim, lockDirectory, kind, removal, interrupt);
        this.config = config;
    }

    /**
     * Opens the device of {@code claim}. The function owns the claim from then on, unless this method throws.
     *
     * @param kind {@link DriverKind#UIO} or {@link DriverKind#SYSFS}
     * @param lockDirectory the lock directory of {@link PhysicalMemory#allocate}
     */
    static SysfsPciFunction open(final DeviceClaim claim, final DriverKind kind, final Path lockDirectory)
            throws IOException {
        claim.bind(kind);
        final SysfsDevice device = claim.device();
        final PciConfigFile config = PciConfigFile.open(device.address(), device.config());
        try {
            final EventFd removal = EventFd.create();
            try {
                final Optional<Interrupt> interrupt =
                        kind == DriverKind.UIO ? Optional.of(openUio(device, config)) : Optional.empty();
                return new SysfsPciFunction(claim, lockDirectory, kind, config, removal, interrupt);
            } catch (final IOException | RuntimeException e) {
                removal.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            config.close();
            throw e;
        }
    }

    private static Interrupt openUio(final SysfsDevice device, final PciConfigFile config) throws IOException {
        final String uio = device.uio()
                .orElseThrow(() -> new IOException("uio_pci_generic has made no /dev/uio* for " + device.address()));
        return LineInterrupt.open(Path.of("/dev", uio), config);
    }

    @Override
    public int readConfig(final int offset, final int width) throws IOException {
        return config.readConfig(offset, width);
    }

    @Override
    public void writeConfig(final int offset, final int width, final int value) throws IOException {
        config.writeConfig(offset, width, value);
    }

    @Override
    boolean hasBar(final int bar) {
        return Files.exists(device().resource(bar));
    }

    @Override
    Mmio map(final int bar) throws IOException {
        // Memory space may be disabled on a function without a driver. Its registers would read as all ones.
        config.writeConfig16(PciConfig.COMMAND, config.readConfig16(PciConfig.COMMAND) | PciConfig.COMMAND_MEMORY);
        return MappedMmio.map(device().resource(bar), config);
    }

    @Override
    Optional<DmaMemory> translatedMemory(final int size) throws IOException {
        final Optional<String> groupType = device().iommuGroupType();
        if (groupType.isPresent() && !groupType.get().equals("identity")) {
            throw new IOException("the device at " + address()
                    + " is behind this system's IOMMU, which only VFIO can program: use driver=vfio");
        }
        return Optional.empty();
    }

    @Override
    void requirePresent() throws IOException {
        config.requirePresent();
    }

    @Override
    void closeDevice() {
        config.close();
    }
}
