package dev.ninepin.channel;

import java.io.IOException;
import jnr.constants.platform.Signal;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A signal that ends the system call in which a thread waits, and does nothing else.
 *
 * <p>It is SIGURG: nothing sends it unasked, by default it is ignored, and neither the JVM nor the C library uses it; so
 * Go's runtime took it to interrupt its threads. Its handler is installed without SA_RESTART, for the call to return
 * EINTR, and is the C library's {@code abs}: a function of an int that touches no memory, so it may run at any point of
 * any thread. Java code may not.
 */
final class WakeSignal {
    private static final int NUMBER = Signal.SIGURG.intValue();

    /** {@code RTLD_DEFAULT} of dlsym(3). */
    private static final long ANY_LIBRARY = NativeCalls.isSolaris() ? -2 : 0;

    /** Where {@code struct sigaction} has its handler; illumos has the flags before it, Linux last. In bytes. */
    private static final long HANDLER_OFFSET = NativeCalls.isSolaris() ? Long.BYTES : 0;

    /** More than the struct has anywhere, in bytes; all the rest of it is zero: no flags, no mask. */
    private static final int ACTION_SIZE = 256;

    private WakeSignal() {}

    /** Makes the signal harmless to this process. Again does nothing more. */
    static void install(final NativeCalls calls) throws IOException {
        final long handler = calls.dlsym(ANY_LIBRARY, "abs");
        final Pointer action = Runtime.getSystemRuntime().getMemoryManager().allocateDirect(ACTION_SIZE, true);
        action.putAddress(HANDLER_OFFSET, handler);
        if (handler == 0 || calls.sigaction(NUMBER, action, null) != 0) {
            throw new IOException("cannot set up the signal that wakes the reader of a device");
        }
    }

    /**
     * Sends it to one thread of this process.
     *
     * @param thread its {@code pthread_self}; the caller sees to it that the thread has not ended
     */
    static void send(final NativeCalls calls, final long thread) {
        calls.pthread_kill(thread, NUMBER);
    }
}
