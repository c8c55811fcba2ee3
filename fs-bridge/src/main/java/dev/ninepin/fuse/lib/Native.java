package dev.ninepin.fuse.lib;

import com.kenai.jffi.MemoryIO;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;

/** Helpers for native memory that is shared with libfuse and the C library. Any thread. */
public final class Native {
    public static final Runtime RUNTIME = Runtime.getSystemRuntime();

    /** Returns zeroed memory outside the heap, which lives as long as the returned pointer. */
    public static Pointer allocate(final int size) {
        return Memory.allocateDirect(RUNTIME, size, true);
    }

    /**
     * Returns memory outside the heap with any contents. Unlike {@link #allocate} and {@code ByteBuffer.allocateDirect},
     * this writes nothing, so a large piece takes only those pages of memory that are used.
     */
    public static Pointer allocateUnset(final int size) {
        return Memory.allocateDirect(RUNTIME, size, false);
    }

    /** Returns a buffer of {@code size} bytes over {@code memory}, which the caller keeps reachable. */
    public static ByteBuffer buffer(final Pointer memory, final int size) {
        return MemoryIO.getInstance()
                .newDirectByteBuffer(memory.address(), size)
                .order(ByteOrder.nativeOrder());
    }

    /** Allocates zeroed memory outside the heap for {@code struct}, and returns it. */
    public static Pointer allocate(final Struct struct) {
        final Pointer memory = allocate(Struct.size(struct));
        struct.useMemory(memory);
        return memory;
    }

    /** Returns the memory at an address that libfuse passed. */
    public static Pointer at(final long address) {
        return Pointer.wrap(RUNTIME, address);
    }

    /** Sends a message in one piece with {@link LibFuse#fuse_chan_send}. Returns 0, or a negative errno. */
    public static int send(final LibFuse fuse, final long channel, final byte[] message) {
        final Pointer memory = allocate(message.length);
        memory.put(0, message, 0, message.length);
        final Pointer piece = allocate(2 * Long.BYTES);
        piece.putPointer(0, memory);
        piece.putLong(Long.BYTES, message.length);
        try {
            return fuse.fuse_chan_send(channel, piece, 1);
        } finally {
            // The piece holds only the address, so the memory must be kept reachable.
            Reference.reachabilityFence(memory);
        }
    }

    private Native() {}
}
