package dev.ninepin.virtio.dma;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DMA memory for a device that uses physical addresses: pages of this process that do not move, at addresses that the
 * kernel reports. The pages are hugepages, or else ordinary locked pages. Both are pinned until {@link #close}, and
 * guarded ({@link DmaGuard}).
 *
 * @param memory the memory
 * @param kind the kind of pages: {@code hugepages} or {@code pages}
 * @param pins the pins of all pages
 * @param guard the process that holds the pins too, in case this process is killed
 */
public record PhysicalMemory(DmaMemory memory, String kind, PagePins pins, DmaGuard guard) implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PhysicalMemory.class);
    private static final String MEM_AVAILABLE = "MemAvailable:";
    private static final int KIB = 1024;

    /**
     * Allocates at least {@code size} bytes.
     *
     * @param config the file of the device's configuration space in sysfs
     * @param lockDirectory the directory of the lock under which processes change the kernel's limit of hugepages
     * @throws IOException if the system has too little free memory, or does not tell the memory's physical addresses
     */
    public static PhysicalMemory allocate(final int size, final Path config, final Path lockDirectory)
            throws IOException {
        checkAvailable(size);
        final HugePages hugePages = new HugePages(
                Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB"), lockDirectory.resolve("hugepages.lock"));
        if (hugePages.isSupported()) {
            try {
                return ofHugePages(size, config, hugePages);
            } catch (final IOException e) {
                LOG.info("cannot allocate hugepages ({}): using locked ordinary pages", e.getMessage());
            }
        }
        return ofPages(size, config);
    }

    private static PhysicalMemory ofHugePages(final int size, final Path config, final HugePages hugePages)
            throws IOException {
        final int count = Math.addExact(size, HugePages.SIZE - 1) / HugePages.SIZE;
        final ByteBuffer bytes = hugePages.map(count, () -> {
            try (AnonymousMemory memory = AnonymousMemory.createHuge(count * HugePages.SIZE)) {
                memory.touch(HugePages.SIZE);
                return memory.bytes();
            }
        });
        return pinAndGuard(bytes, HugePages.SIZE, config, "hugepages");
    }

    /** Allocates ordinary pages, which need not be contiguous. */
    private static PhysicalMemory ofPages(final int size, final Path config) throws IOException {
        final int pageSize = LibC.get().getpagesize();
        final ByteBuffer bytes;
        try (AnonymousMemory memory = AnonymousMemory.create(Math.addExact(size, pageSize - 1) & -pageSize)) {
            memory.touch(pageSize);
            bytes = memory.bytes();
        }
        final Pointer start = Pointer.wrap(Runtime.getSystemRuntime(), bytes);
        if (LibC.get().mlock(start, bytes.capacity()) != 0) {
            throw Descriptor.failure("locking " + bytes.capacity() + " bytes of memory");
        }
        return pinAndGuard(bytes, pageSize, config, "pages");
    }

    private static PhysicalMemory pinAndGuard(
            final ByteBuffer bytes, final int pageSize, final Path config, final String kind) throws IOException {
        // Pinned first: an address read before pinning might be stale.
        final PagePins pins = PagePins.pin(bytes, pageSize);
        try {
            final DmaMemory memory = new PagedDmaMemory(bytes, pageSize, PageMap::addresses);
            return new PhysicalMemory(memory, kind, pins, DmaGuard.start(pins, config));
        } catch (final IOException | RuntimeException e) {
            pins.close();
            throw e;
        }
    }

    /**
     * Checks that {@code size} bytes are at most half of the available memory. When locked pages use up the memory, the
     * kernel kills a process rather than fail the allocation.
     */
    public static void checkAvailable(final int size) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith(MEM_AVAILABLE)) {
                final List<String> words = List.of(line.split(" +"));
                final long available = Long.parseLong(words.get(1)) * KIB;
                if (size > available / 2) {
                    throw new IOException("the device needs " + (size >> 20)
                            + " MiB of locked memory, which is more than half of the available "
                            + (available >> 20) + " MiB: use a smaller msize, or free memory");
                }
            }
        }
    }

    /** Releases the pages. The device must not access them any more. */
    @Override
    public void close() {
        guard.close();
        pins.close();
    }
}
