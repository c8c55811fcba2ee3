package dev.ninepin.virtio.qemu;

import dev.ninepin.virtio.dma.AnonymousMemory;
import dev.ninepin.virtio.dma.ContiguousDmaMemory;
import dev.ninepin.virtio.dma.DmaMemory;
import java.io.IOException;

/**
 * The RAM of the QEMU machine that runs no guest. It is anonymous memory of this process, which QEMU opens by a path
 * under {@code /proc}. So nothing is ever left in a file system: the kernel frees the memory when the last process has
 * dropped it.
 *
 * <p>{@link #close} closes the descriptor, which is safe once QEMU has opened its own.
 */
final class GuestRam implements AutoCloseable {
    /** The first usable address: below it a PC has its BIOS, its video memory, and holes. */
    private static final int FIRST_USABLE = 1 << 20;

    /**
     * QEMU wants RAM sizes in multiples of 8 KiB in one place and of 4 KiB in another; multiples of 2 MiB suit both.
     */
    private static final int GRANULE = 1 << 21;

    private final AnonymousMemory ram;

    private GuestRam(final AnonymousMemory ram) {
        this.ram = ram;
    }

    /**
     * Creates the RAM. The kernel allocates a page only on the first write to it.
     *
     * @param usable the least size of {@link #memory}, in bytes
     */
    static GuestRam create(final int usable) throws IOException {
        final int size = Math.addExact(Math.addExact(FIRST_USABLE, usable), GRANULE - 1) & -GRANULE;
        return new GuestRam(AnonymousMemory.create(size));
    }

    /** Returns the path by which QEMU can open the RAM, until {@link #close}. */
    String path() {
        return ram.path();
    }

    /** Returns the size of the whole RAM, in bytes. */
    long size() {
        return ram.bytes().capacity();
    }

    /** Returns the usable part of the RAM, at the guest's physical addresses. */
    DmaMemory memory() {
        return new ContiguousDmaMemory(ram.bytes().slice(FIRST_USABLE, (int) size() - FIRST_USABLE), FIRST_USABLE);
    }

    @Override
    public void close() {
        ram.close();
    }
}
