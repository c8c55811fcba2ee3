package dev.ninepin.channel;

import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Platform;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that channels need and Java has no method for. They return -1 for failure, and {@link #errno} says
 * why. Any thread. Public only because jnr-ffi implements it in a class loader of its own.
 */
public interface NativeCalls {
    /** Loads the C library on first use. */
    static NativeCalls get() {
        return Loaded.LIBRARY;
    }

    /** Why the last call of this thread failed. */
    static Errno errno() {
        return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
    }

    int open(Pointer path, int flags);

    int close(int descriptor);

    /** {@code bytes} is a direct buffer; the call takes it from its position. */
    long read(int descriptor, ByteBuffer bytes, long count);

    /** {@code bytes} is a direct buffer; the call takes it from its position. */
    long write(int descriptor, ByteBuffer bytes, long count);

    int ioctl(int descriptor, long request, ByteBuffer argument);

    int socket(int domain, int type, int protocol);

    int connect(int descriptor, ByteBuffer address, int length);

    int shutdown(int descriptor, int how);

    long pthread_self();

    int pthread_kill(long thread, int signal);

    int sigaction(int signal, Pointer action, @Nullable Pointer previous);

    long dlsym(long handle, String name);

    /** Whether this is illumos, or another descendant of Solaris. */
    static boolean isSolaris() {
        return Platform.getNativePlatform().getOS() == Platform.OS.SOLARIS;
    }

    /** The library. */
    final class Loaded {
        private static final NativeCalls LIBRARY =
                LibraryLoader.create(NativeCalls.class).load("c");

        private Loaded() {}
    }
}
