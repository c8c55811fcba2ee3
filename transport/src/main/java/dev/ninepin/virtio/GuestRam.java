package dev.ninepin.virtio;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/**
 * The RAM of a guest that has none but us: memory of ours without a file (memfd), which QEMU opens by its path under
 * {@code /proc}. So nothing is ever left on a file system; the kernel frees it with the last process that has it.
 *
 * <p>{@link #close} closes the descriptor, once QEMU has opened its own. The mapping lives until the garbage collector
 * finds that nothing refers to it any more, a reply that someone still reads among it: so nobody ever reads from what
 * is unmapped.
 */
final class GuestRam implements AutoCloseable {
    /** Below it a PC has its BIOS, its video memory, and its holes. */
    private static final int FIRST_USABLE = 1 << 20;

    /** QEMU's RAM is made of pages of 8 KiB and of 4 KiB, by who asks; this suits all. */
    private static final int GRANULE = 1 << 21;

    private static final int CLOSE_ON_EXEC = 1;

    private final int descriptor;
    private final long size;
    private final ByteBuffer bytes;

    private GuestRam(final int descriptor, final long size, final ByteBuffer bytes) {
        this.descriptor = descriptor;
        this.size = size;
        this.bytes = bytes;
    }

    /**
     * Takes memory from the kernel, which gives pages only as they are written to.
     *
     * @param usable the bytes that {@link #memory} is to have at least
     */
    static GuestRam create(final int usable) throws IOException {
        final int size = Math.addExact(Math.addExact(FIRST_USABLE, usable), GRANULE - 1) & -GRANULE;
        final int descriptor = LibC.INSTANCE.memfd_create("ninepin", CLOSE_ON_EXEC);
        if (descriptor < 0) {
            throw new IOException("memfd_create failed with errno "
                    + Runtime.getSystemRuntime().getLastError());
        }
        try (RandomAccessFile file = new RandomAccessFile("/proc/self/fd/" + descriptor, "rw")) {
            file.setLength(size);
            final ByteBuffer bytes = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, size);
            return new GuestRam(descriptor, size, bytes);
        } catch (final IOException | RuntimeException e) {
            LibC.INSTANCE.close(descriptor);
            throw e;
        }
    }

    /** Where another process of ours finds it, until {@link #close}. */
    String path() {
        return "/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor;
    }

    /** All of it, in bytes. */
    long size() {
        return size;
    }

    /** What is free for use, at the guest's physical addresses. */
    DmaMemory memory() {
        return new ContiguousDmaMemory(bytes.slice(FIRST_USABLE, (int) size - FIRST_USABLE), FIRST_USABLE);
    }

    @Override
    public void close() {
        LibC.INSTANCE.close(descriptor);
    }

    /** The system calls that Java has no method for. Public for jnr-ffi, which implements it. */
    public interface LibC {
        LibC INSTANCE = LibraryLoader.create(LibC.class).load("c");

        int memfd_create(String name, int flags);

        int close(int descriptor);
    }
}
