package dev.ninepin.os;

import java.io.IOException;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A signal that ends the system call in which a thread blocks, and has no other effect.
 *
 * <p>The signal is SIGURG. No program sends it without being asked to, its default action is to ignore it, and neither
 * the JVM nor the C library uses it. Go's runtime interrupts its threads with it for the same reasons. The handler is
 * installed without SA_RESTART, so that the system call returns EINTR. The handler is the C library's {@code abs}: a
 * function of an int that touches no memory, so it may run at any point of any thread. Java code may not.
 */
public final class WakeSignal {
    /** {@code SIGURG} of this system. */
    private static final int NUMBER = LibC.isSolaris() ? 21 : 23;

    /** {@code RTLD_DEFAULT} of dlsym(3). */
    private static final long ANY_LIBRARY = LibC.isSolaris() ? -2 : 0;

    /**
     * The offset of the handler in {@code struct sigaction}, in bytes. illumos has the flags before the handler; Linux
     * has them last.
     */
    private static final long HANDLER_OFFSET = LibC.isSolaris() ? Long.BYTES : 0;

    /** An upper bound of the size of the struct, in bytes. All other fields stay zero: no flags, no mask. */
    private static final int ACTION_SIZE = 256;

    private WakeSignal() {}

    /** Installs the handler in this process. Installing it again is harmless. */
    public static void install() throws IOException {
        final long handler = LibC.get().dlsym(ANY_LIBRARY, "abs");
        final Pointer action = Runtime.getSystemRuntime().getMemoryManager().allocateDirect(ACTION_SIZE, true);
        action.putAddress(HANDLER_OFFSET, handler);
        if (handler == 0 || LibC.get().sigaction(NUMBER, action, null) != 0) {
            throw new IOException("cannot install the SIGURG handler, which wakes threads that read a device");
        }
    }

    /**
     * Sends the signal to one thread of this process.
     *
     * @param thread the thread's {@code pthread_self}; the caller ensures that the thread has not terminated
     */
    public static void send(final long thread) {
        LibC.get().pthread_kill(thread, NUMBER);
    }
}
