package dev.ninepin.virtio;

import java.io.IOException;

/**
 * The RAM of a guest that has none but us: memory of ours without a file, which QEMU opens by its path under {@code
 * /proc}. So nothing is ever left on a file system; the kernel frees it with the last process that has it.
 *
 * <p>{@link #close} closes the descriptor, once QEMU has opened its own.
 */
final class GuestRam implements AutoCloseable {
    /** Below it a PC has its BIOS, its video memory, and its holes. */
    private static final int FIRST_USABLE = 1 << 20;

    /** QEMU's RAM is made of pages of 8 KiB and of 4 KiB, by who asks; this suits all. */
    private static final int GRANULE = 1 << 21;

    private final AnonymousMemory ram;

    private GuestRam(final AnonymousMemory ram) {
        this.ram = ram;
    }

    /**
     * Takes memory from the kernel, which gives pages only as they are written to.
     *
     * @param usable the bytes that {@link #memory} is to have at least
     */
    static GuestRam create(final int usable) throws IOException {
        final int size = Math.addExact(Math.addExact(FIRST_USABLE, usable), GRANULE - 1) & -GRANULE;
        return new GuestRam(AnonymousMemory.create(size));
    }

    /** Where another process of ours finds it, until {@link #close}. */
    String path() {
        return ram.path();
    }

    /** All of it, in bytes. */
    long size() {
        return ram.bytes().capacity();
    }

    /** What is free for use, at the guest's physical addresses. */
    DmaMemory memory() {
        return new ContiguousDmaMemory(ram.bytes().slice(FIRST_USABLE, (int) size() - FIRST_USABLE), FIRST_USABLE);
    }

    @Override
    public void close() {
        ram.close();
    }
}
