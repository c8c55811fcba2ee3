package dev.ninepin.fuse.mount;

import java.util.OptionalInt;

/**
 * Limits on the requests that the kernel sends for a mount.
 *
 * @param maxRead the largest read, in bytes; {@link #LEAST_READ} to {@link #LARGEST_READ}
 * @param readahead how far the kernel reads ahead of a program that reads a file in order, in bytes; if empty, {@link
 *     ReadAhead} decides
 * @param maxBackground how many requests for which no program waits may be under way, 1 to 65535: those of read-ahead,
 *     of mapped pages that are written back, and of closed files. The kernel also applies its own limit for users
 *     without CAP_SYS_ADMIN (the parameter {@code max_user_bgreq} of its module {@code fuse})
 */
public record KernelLimits(int maxRead, OptionalInt readahead, int maxBackground) {
    /** The least {@link #maxRead} that the kernel applies ({@code fs/fuse/inode.c}, fuse_fill_super_common). */
    public static final int LEAST_READ = 4096;

    /** The largest {@link #maxRead}: 256 pages, the kernel's FUSE_MAX_MAX_PAGES. Kernels before 4.20 send 128 KiB. */
    public static final int LARGEST_READ = 1 << 20;

    /** As many as there are worker threads that stay. */
    private static final int DEFAULT_BACKGROUND = 64;

    /** The limits that a mount has unless options set others. */
    public static final KernelLimits DEFAULT = new KernelLimits(LARGEST_READ, OptionalInt.empty(), DEFAULT_BACKGROUND);
}
