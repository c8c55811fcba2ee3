package dev.ninepin.os;

/**
 * The errors of system calls that Ninepin tells apart. Linux numbers are those of x86-64 and AArch64. illumos, which the
 * vio9p device runs on, numbers some of them differently ({@code sys/errno.h}).
 */
public enum SystemErrno {
    EPERM(1),
    ENOENT(2),
    EINTR(4),
    ENXIO(6),
    EAGAIN(11),
    ENOMEM(12),
    EACCES(13),
    EBUSY(16),
    ENODEV(19),
    EINVAL(22),
    EOVERFLOW(75, 79),
    EMSGSIZE(90, 97),
    ESOCKTNOSUPPORT(94, 121),
    EAFNOSUPPORT(97, 124),
    EADDRNOTAVAIL(99, 126),
    ENETUNREACH(101, 128),
    ECONNRESET(104, 131),
    ENOTCONN(107, 134),
    ETIMEDOUT(110, 145),
    ECONNREFUSED(111, 146),
    EHOSTUNREACH(113, 148),

    /** Any other error. */
    OTHER(-1);

    private final int number;

    SystemErrno(final int number) {
        this(number, number);
    }

    SystemErrno(final int linux, final int illumos) {
        this.number = LibC.isSolaris() ? illumos : linux;
    }

    /** Returns the error with this number on this system, or {@link #OTHER}. */
    public static SystemErrno of(final int number) {
        for (final SystemErrno each : values()) {
            if (each.number == number) {
                return each;
            }
        }
        return OTHER;
    }

    /** Returns the error of this thread's last system call. */
    public static SystemErrno last() {
        return of(LibC.errno());
    }

    /** Returns the C library's text for this error, such as "Device or resource busy". */
    public String text() {
        return LibC.describe(number);
    }
}
