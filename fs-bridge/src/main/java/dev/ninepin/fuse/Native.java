package dev.ninepin.fuse;

import java.lang.ref.Reference;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;

/** Memory that is shared with libfuse. */
final class Native {
    static final Runtime RUNTIME = Runtime.getSystemRuntime();

    /** Zeroed memory outside the heap; it lives as long as the pointer. */
    static Pointer allocate(final int size) {
        return Memory.allocateDirect(RUNTIME, size, true);
    }

    /** Gives {@code struct} zeroed memory of its own outside the heap, and returns that. */
    static Pointer allocate(final Struct struct) {
        final Pointer memory = allocate(Struct.size(struct));
        struct.useMemory(memory);
        return memory;
    }

    /** The bytes and a NUL. */
    static Pointer string(final byte[] bytes) {
        final Pointer memory = allocate(bytes.length + 1);
        memory.put(0, bytes, 0, bytes.length);
        return memory;
    }

    /** The memory at an address that libfuse gave. */
    static Pointer at(final long address) {
        return Pointer.wrap(RUNTIME, address);
    }

    /** As {@link LibFuse#fuse_chan_send}, of a message in one piece. */
    static int send(final LibFuse fuse, final long channel, final byte[] message) {
        final Pointer memory = allocate(message.length);
        memory.put(0, message, 0, message.length);
        final Pointer piece = allocate(2 * Long.BYTES);
        piece.putPointer(0, memory);
        piece.putLong(Long.BYTES, message.length);
        try {
            return fuse.fuse_chan_send(channel, piece, 1);
        } finally {
            // The piece knows its address only.
            Reference.reachabilityFence(memory);
        }
    }

    private Native() {}
}
