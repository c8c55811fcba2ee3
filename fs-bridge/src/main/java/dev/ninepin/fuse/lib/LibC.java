package dev.ninepin.fuse.lib;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The C library functions that mounting needs and Java lacks. Any thread may call them. This interface is public only
 * because jnr-ffi implements it in a class loader of its own.
 */
public interface LibC {
    /** The numbers of two errors; those of x86-64 and AArch64. */
    int EBUSY = 16;

    int ENOTCONN = 107;

    /** umount2(2): detach the mount now, and end it when its last user is gone. */
    int MNT_DETACH = 2;

    /** umount2(2): do not follow a symbolic link at the end of the path. */
    int UMOUNT_NOFOLLOW = 8;

    /** open(2): close the descriptor when a program is executed. */
    int O_CLOEXEC = 02000000;

    /** The numbers of the mount calls, since Linux 5.2, are the same on all architectures. */
    long SYS_FSOPEN = 430;

    long SYS_FSCONFIG = 431;
    long SYS_FSMOUNT = 432;

    /** The number of mount_setattr(2), since Linux 5.12. */
    long SYS_MOUNT_SETATTR = 442;

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

    String strerror(int errno);

    int geteuid();

    /** Returns the size of a page in bytes. */
    int getpagesize();

    int open(Pointer path, int flags);

    int close(int fd);

    int syncfs(int fd);

    int umount2(Pointer path, int flags);

    /**
     * Makes any system call. Always passes all six arguments, because jffi 1.3.15 corrupts the last of exactly six
     * longs.
     */
    long syscall(long number, long a, long b, long c, long d, long e, long f);

    /** The library, loaded on first use. */
    final class Loaded {
        private static final LibC LIBRARY = LibraryLoader.create(LibC.class).load("c");

        private Loaded() {}
    }
}
