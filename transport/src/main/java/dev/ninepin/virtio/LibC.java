package dev.ninepin.virtio;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;

/**
 * The system calls that Java has no method for, as the C library has them: a negative result is a failure, whose errno
 * is {@link jnr.ffi.Runtime#getLastError} in the same thread. Public for jnr-ffi, which implements it.
 *
 * <p>None of them has six arguments: jffi 1.3 hands the sixth on wrongly. So there is no mmap here; files are mapped with
 * {@link java.nio.channels.FileChannel}.
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
