package dev.ninepin.channel;

import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Platform;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that channels need and for which Java has no method. They return -1 on failure, and {@link #errno}
 * has the reason. Any thread may call any method. Public only because jnr-ffi implements this interface in its own
 * class loader.
 */
public interface NativeCalls {
    /** Returns the C library, and loads it on first use. */
    static NativeCalls get() {
        return Loaded.LIBRARY;
    }

    /** Returns the errno of this thread's last call, if that failed. */
    static int errno() {
        return Runtime.getSystemRuntime().getLastError();
    }

    /** Returns the C library's text for an errno, such as "Device or resource busy". */
    static String describe(final int errno) {
        return get().strerror(errno);
    }

    int open(Pointer path, int flags);

    int close(int descriptor);

    /** Calls read(2). {@code bytes} is a direct buffer; the call uses its memory from the position on. */
    long read(int descriptor, ByteBuffer bytes, long count);

    /** Calls write(2). {@code bytes} is a direct buffer; the call uses its memory from the position on. */
    long write(int descriptor, ByteBuffer bytes, long count);

    int ioctl(int descriptor, long request, ByteBuffer argument);

    int socket(int domain, int type, int protocol);

    int connect(int descriptor, ByteBuffer address, int length);

    int shutdown(int descriptor, int how);

    long pthread_self();

    int pthread_kill(long thread, int signal);

    int sigaction(int signal, Pointer action, @Nullable Pointer previous);

    long dlsym(long handle, String name);

    String strerror(int errno);

    /** Returns whether this system is illumos or another descendant of Solaris. */
    static boolean isSolaris() {
        return Platform.getNativePlatform().getOS() == Platform.OS.SOLARIS;
    }

    /** The holder of the loaded library. */
    final class Loaded {
        private static final NativeCalls LIBRARY =
                LibraryLoader.create(NativeCalls.class).load("c");

        private Loaded() {}
    }
}
