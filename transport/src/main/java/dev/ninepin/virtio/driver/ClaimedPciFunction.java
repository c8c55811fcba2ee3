package dev.ninepin.virtio.driver;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.os.EventFd;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A PCI function of this system, which it has claimed. Subclasses access the function in different ways. */
abstract class ClaimedPciFunction implements PciFunction {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimedPciFunction.class);

    /** The interval of the checks for a device whose removal the kernel does not announce. */
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final DeviceClaim claim;
    private final Path lockDirectory;
    private final DriverKind kind;

    /** Raised when the kernel asks for the release of the device, and when this function is closed. */
    private final EventFd removal;

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

    /**
     * @param lockDirectory the lock directory of {@link PhysicalMemory#allocate}
     * @param removal the event that the kernel raises when it wants to remove the device and waits for its release;
     *     empty if the kernel does not wait
     */
    ClaimedPciFunction(
            final DeviceClaim claim,
            final Path lockDirectory,
            final DriverKind kind,
            final EventFd removal,
            final Optional<Interrupt> interrupt) {
        this.claim = claim;
        this.lockDirectory = lockDirectory;
        this.kind = kind;
        this.removal = removal;
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

    /**
     * {@inheritDoc}
     *
     * <p>An unplugged device must be released soon, even if it is idle. With VFIO, the kernel waits for the release.
     * Without VFIO, another device may be plugged in at the same address, and the lock of this claim would block it.
     */
    @Override
    public final void onGone(final Consumer<IOException> action) {
        final Thread watching = new Thread(() -> watch(action), "ninepin-unplug");
        watching.setDaemon(true);
        try {
            watching.start();
        } catch (final OutOfMemoryError e) {
            // The JVM throws this if the system allows no more threads. The next request finds that the device is gone.
            LOG.debug("no thread can be started to watch for the removal of {}", address(), e);
        }
    }

    private void watch(final Consumer<IOException> action) {
        try {
            while (!removal.awaitRaised(WATCH_NANOS)) {
                requirePresent();
            }
            if (!isClosed()) {
                action.accept(new IOException("the device at " + address() + " is being unplugged"));
            }
        } catch (final IOException e) {
            if (!isClosed()) {
                action.accept(e);
            }
        }
    }

    /** Fails if the kernel has removed the device. */
    abstract void requirePresent() throws IOException;

    private synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public final synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        removal.close();
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
