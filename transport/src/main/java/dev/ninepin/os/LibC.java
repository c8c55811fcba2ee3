package dev.ninepin.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;

/**
 * The functions of the C library that Java has no method for. A negative result is a failure; {@link
 * jnr.ffi.Runtime#getLastError}, in the same thread, then has the errno. The interface is public because jnr-ffi
 * generates its implementation.
 *
 * <p>None of the functions has six arguments, because jffi 1.3 passes the sixth incorrectly. So there is no mmap;
 * callers map files with {@link java.nio.channels.FileChannel}.
 */
public interface LibC {
    LibC INSTANCE = LibraryLoader.create(LibC.class).load("c");

    int memfd_create(String name, int flags);

    int open(String path, int flags);

    int open(String path, int flags, int mode);

    int getpagesize();

    int close(int descriptor);

    int ioctl(int descriptor, long request, Pointer argument);

    int ioctl(int descriptor, long request, long argument);

    int fcntl(int descriptor, int command, long argument);

    int flock(int descriptor, int operation);

    int eventfd(int initial, int flags);

    int pipe2(Pointer descriptors, int flags);

    int poll(Pointer descriptors, long count, int timeoutMillis);

    long read(int descriptor, Pointer bytes, long count);

    long write(int descriptor, Pointer bytes, long count);

    long pread(int descriptor, Pointer bytes, long count, long offset);

    long pwrite(int descriptor, Pointer bytes, long count, long offset);

    long vmsplice(int descriptor, Pointer vectors, long count, int flags);

    int mlock(Pointer address, long length);

    String strerror(int error);
}
