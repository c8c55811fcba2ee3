package dev.ninepin.virtio.driver;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.PhysicalMemory;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.MappedMmio;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciConfigFile;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.pci.PciShutdown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A PCI function of this system, accessed through sysfs. Configuration space and BARs are files, and DMA memory is
 * physical memory. The function has an interrupt only while it is bound to uio_pci_generic: the interrupt line.
 */
final class SysfsPciFunction implements PciFunction {
    private final DeviceClaim claim;
    private final Path lockDirectory;
    private final DriverKind kind;
    private final PciConfigFile config;
    private final Optional<LineInterrupt> interrupt;

    @GuardedBy("this")
    private final SortedMap<Integer, Mmio> bars = new TreeMap<>();

    @GuardedBy("this")
    private @Nullable PhysicalMemory memory;

    @GuardedBy("this")
    private boolean closed;

    private SysfsPciFunction(
            final DeviceClaim claim,
            final Path lockDirectory,
            final DriverKind kind,
            final PciConfigFile config,
            final Optional<LineInterrupt> interrupt) {
        this.claim = claim;
        this.lockDirectory = lockDirectory;
        this.kind = kind;
        this.config = config;
        this.interrupt = interrupt;
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
            final Optional<LineInterrupt> interrupt =
                    kind == DriverKind.UIO ? Optional.of(openUio(device, config)) : Optional.empty();
            return new SysfsPciFunction(claim, lockDirectory, kind, config, interrupt);
        } catch (final IOException | RuntimeException e) {
            config.close();
            throw e;
        }
    }

    private static LineInterrupt openUio(final SysfsDevice device, final PciConfigFile config) throws IOException {
        final String uio = device.uio()
                .orElseThrow(() -> new IOException("uio_pci_generic has made no /dev/uio* for " + device.address()));
        return LineInterrupt.open(Path.of("/dev", uio), config);
    }

    @Override
    public String address() {
        return config.address();
    }

    @Override
    public int readConfig8(final int offset) throws IOException {
        return config.readConfig8(offset);
    }

    @Override
    public int readConfig16(final int offset) throws IOException {
        return config.readConfig16(offset);
    }

    @Override
    public int readConfig32(final int offset) throws IOException {
        return config.readConfig32(offset);
    }

    @Override
    public void writeConfig16(final int offset, final int value) throws IOException {
        config.writeConfig16(offset, value);
    }

    @Override
    public synchronized Mmio mapBar(final int bar) throws IOException {
        final @Nullable Mmio known = bars.get(Objects.checkIndex(bar, PciConfig.BARS));
        if (known != null) {
            return known;
        }
        final Path resource = claim.device().resource(bar);
        if (!Files.exists(resource) || (config.readConfig32(PciConfig.bar(bar)) & PciConfig.BAR_IS_IO) != 0) {
            throw new IOException(address() + " has no memory BAR " + bar);
        }
        // Memory space may be disabled on a function without a driver. Its registers would read as all ones.
        config.writeConfig16(PciConfig.COMMAND, config.readConfig16(PciConfig.COMMAND) | PciConfig.COMMAND_MEMORY);
        final Mmio mapped = MappedMmio.map(resource);
        bars.put(bar, mapped);
        return mapped;
    }

    @Override
    public synchronized DmaMemory dmaMemory(final int size, final boolean translated) throws IOException {
        final Optional<String> groupType = claim.device().iommuGroupType();
        if (translated && groupType.isPresent() && !groupType.get().equals("identity")) {
            throw new IOException("the device at " + address()
                    + " is behind this system's IOMMU, which only VFIO can program: use driver=vfio");
        }
        if (closed || memory != null) {
            throw new IllegalStateException("memory is to be had once, while the function is open");
        }
        memory = PhysicalMemory.allocate(size, claim.device().config(), lockDirectory);
        return memory.memory();
    }

    @Override
    public Optional<Interrupt> interrupt() {
        return interrupt.map(line -> line);
    }

    @Override
    public synchronized Map<String, String> details() {
        final Map<String, String> details = new LinkedHashMap<>();
        details.put("driver", kind.optionValue());
        details.put("interrupt", interrupt.map(LineInterrupt::kind).orElse("none"));
        if (memory != null) {
            details.put("memory", memory.kind());
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
        PciShutdown.stop(config);
        interrupt.ifPresent(LineInterrupt::close);
        config.close();
        if (memory != null) {
            memory.close();
        }
        claim.close();
    }
}
