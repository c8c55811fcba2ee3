package dev.ninepin.fuse.lib;

import java.lang.ref.Reference;
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
