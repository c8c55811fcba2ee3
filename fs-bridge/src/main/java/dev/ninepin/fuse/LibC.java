package dev.ninepin.fuse;

import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The system calls that mounts need and Java does not have. Public only because jnr-ffi implements it in a class loader of
 * its own.
 */
public interface LibC {
    /** umount2(2): detach now, and end when the last user is gone. */
    int MNT_DETACH = 2;

    /** umount2(2): do not follow a symbolic link at the end of the path. */
    int UMOUNT_NOFOLLOW = 8;

    /** open(2): the descriptor is not inherited by programs that are started. */
    int O_CLOEXEC = 02000000;

    /** The numbers of the mount calls (Linux 5.2) are the same on every machine. */
    long SYS_FSOPEN = 430;

    long SYS_FSCONFIG = 431;
    long SYS_FSMOUNT = 432;

    /** Linux 5.12. */
    long SYS_MOUNT_SETATTR = 442;

    static LibC get() {
        return Loaded.LIBRARY;
    }

    /** The errno of the last call of this thread. */
    static Errno errno() {
        return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
    }

    int geteuid();

    /** In bytes. */
    int getpagesize();

    int open(Pointer path, int flags);

    int close(int fd);

    int syncfs(int fd);

    int umount2(Pointer path, int flags);

    /** Any system call. All six arguments are always passed: jffi 1.3.15 garbles the last of exactly six longs. */
    long syscall(long number, long a, long b, long c, long d, long e, long f);

    /** Loads on first use. */
    final class Loaded {
        private static final LibC LIBRARY = LibraryLoader.create(LibC.class).load("c");

        private Loaded() {}
    }
}
