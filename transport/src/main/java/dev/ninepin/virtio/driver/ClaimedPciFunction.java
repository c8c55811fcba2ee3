package dev.ninepin.virtio.driver;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.PhysicalMemory;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.pci.PciShutdown;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A PCI function of this system, which it has claimed. Subclasses access the function in different ways. */
abstract class ClaimedPciFunction implements PciFunction {
    private final DeviceClaim claim;
    private final Path lockDirectory;
    private final DriverKind kind;
    private final Optional<Interrupt> interrupt;

    @GuardedBy("this")
    private final SortedMap<Integer, Mmio> bars = new TreeMap<>();

    @GuardedBy("this")
    private @Nullable PhysicalMemory physical;

    /** The kind of the DMA memory; null while there is none. */
    @GuardedBy("this")
    private @Nullable String memoryKind;

    @GuardedBy("this")
    private boolean closed;

    /** @param lockDirectory the lock directory of {@link PhysicalMemory#allocate} */
    ClaimedPciFunction(
            final DeviceClaim claim,
            final Path lockDirectory,
            final DriverKind kind,
            final Optional<Interrupt> interrupt) {
        this.claim = claim;
        this.lockDirectory = lockDirectory;
        this.kind = kind;
        this.interrupt = interrupt;
    }

    final SysfsDevice device() {
        return claim.device();
    }

    @Override
    public final String address() {
        return device().address();
    }

    @Override
    public final synchronized Mmio mapBar(final int bar) throws IOException {
        final @Nullable Mmio known = bars.get(Objects.checkIndex(bar, PciConfig.BARS));
        if (known != null) {
            return known;
        }
        if (!hasBar(bar) || (readConfig32(PciConfig.bar(bar)) & PciConfig.BAR_IS_IO) != 0) {
            throw new IOException(address() + " has no memory BAR " + bar);
        }
        final Mmio mapped = map(bar);
        bars.put(bar, mapped);
        return mapped;
    }

    abstract boolean hasBar(int bar) throws IOException;

    /** Maps a BAR that exists and is one of memory. */
    abstract Mmio map(int bar) throws IOException;

    @Override
    public final synchronized DmaMemory dmaMemory(final int size, final boolean translated) throws IOException {
        if (closed || memoryKind != null) {
            throw new IllegalStateException("memory is to be had once, while the function is open");
        }
        final Optional<DmaMemory> memory = translated ? translatedMemory(size) : Optional.empty();
        if (memory.isPresent()) {
            memoryKind = "iommu";
            return memory.get();
        }
        // Without VIRTIO_F_ACCESS_PLATFORM a virtio device bypasses the IOMMU, even if there is one.
        physical = PhysicalMemory.allocate(size, device().config(), lockDirectory);
        memoryKind = physical.kind();
        return physical.memory();
    }

    /**
     * Returns memory that the device reaches through the system's IOMMU; empty if no IOMMU translates its accesses.
     *
     * @param size the least size, in bytes
     */
    abstract Optional<DmaMemory> translatedMemory(int size) throws IOException;

    @Override
    public final Optional<Interrupt> interrupt() {
        return interrupt;
    }

    @Override
    public final synchronized Map<String, String> details() {
        final Map<String, String> details = new LinkedHashMap<>();
        details.put("driver", kind.optionValue());
        addDetails(details);
        details.put("interrupt", interrupt.map(Interrupt::kind).orElse("none"));
        if (memoryKind != null) {
            details.put("memory", memoryKind);
        }
        return details;
    }

    /** Adds what only this way of access knows. */
    void addDetails(final Map<String, String> details) {}

    /** Does nothing: the registers of an unplugged device read as all ones, which the driver detects. */
    @Override
    public final void onGone(final Consumer<IOException> action) {}

    @Override
    public final synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        // Before the memory is released: after this the device accesses no memory, even if it was not reset.
        PciShutdown.stop(this);
        interrupt.ifPresent(Interrupt::close);
        closeDevice();
        if (physical != null) {
            physical.close();
        }
        claim.close();
    }

    /** Ends the access to the device, before its DMA memory is released. */
    abstract void closeDevice();
}
