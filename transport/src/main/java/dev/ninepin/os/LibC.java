package dev.ninepin.os;

import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Platform;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the C library that Java has no method for. A negative result is a failure; {@link #errno}, in the same
 * thread, then has the reason. Any thread may call any function. The interface is public because jnr-ffi implements it
 * in a class loader of its own.
 *
 * <p>A path is a pointer to bytes ({@link NativeString}), because jnr-ffi would encode a string in the charset of the
 * locale. A buffer is direct, and a call uses its memory from the position on.
 *
 * <p>No function has six arguments, because jffi 1.3.15 corrupts the last of exactly six longs. So there is no mmap;
 * callers map files with {@link java.nio.channels.FileChannel}.
 */
public interface LibC {
    /** Returns the library, which is loaded on the first call. */
    static LibC get() {
        return Loaded.LIBRARY;
    }

    /** Returns the errno of this thread's last call. */
    static int errno() {
        return Runtime.getSystemRuntime().getLastError();
    }

    /** Returns the C library's text for an errno, such as "Device or resource busy". */
    static String describe(final int errno) {
        return get().strerror(errno);
    }

    /** Returns the C library's text for the errno of this thread's last call. */
    static String reason() {
        return describe(errno());
    }

    /** Returns whether this system is illumos or another descendant of Solaris. */
    static boolean isSolaris() {
        return Platform.getNativePlatform().getOS() == Platform.OS.SOLARIS;
    }

    String strerror(int errno);

    // Descriptors

    int open(Pointer path, int flags, int mode);

    int close(int descriptor);

    int dup2(int from, int to);

    int ioctl(int descriptor, long request, Pointer argument);

    int ioctl(int descriptor, long request, long argument);

    int fcntl(int descriptor, int command, long argument);

    int flock(int descriptor, int operation);

    int poll(Pointer descriptors, long count, int timeoutMillis);

    long read(int descriptor, ByteBuffer bytes, long count);

    long write(int descriptor, ByteBuffer bytes, long count);

    long pread(int descriptor, ByteBuffer bytes, long count, long offset);

    long pwrite(int descriptor, ByteBuffer bytes, long count, long offset);

    long vmsplice(int descriptor, Pointer vectors, long count, int flags);

    int syncfs(int descriptor);

    int eventfd(int initial, int flags);

    int memfd_create(String name, int flags);

    int pipe2(Pointer descriptors, int flags);

    int socket(int domain, int type, int protocol);

    int connect(int descriptor, ByteBuffer address, int length);

    int shutdown(int descriptor, int how);

    // Memory

    /** Returns the size of a page in bytes. */
    int getpagesize();

    int mlock(Pointer address, long length);

    int madvise(Pointer address, long length, int advice);

    // Processes and threads

    int geteuid();

    int setsid();

    /** Replaces the program of this process. Returns only if that fails. */
    int execve(Pointer path, Pointer arguments, Pointer environment);

    int chdir(Pointer path);

    long pthread_self();

    int pthread_kill(long thread, int signal);

    int sigaction(int signal, Pointer action, @Nullable Pointer previous);

    long dlsym(long handle, String name);

    // Mounts

    int umount2(Pointer path, int flags);

    /** Makes any system call. Always passes all six arguments: seven with the number. */
    long syscall(long number, long a, long b, long c, long d, long e, long f);

    /** The library, loaded on first use. */
    final class Loaded {
        private static final LibC LIBRARY = LibraryLoader.create(LibC.class).load("c");

        private Loaded() {}
    }
}
