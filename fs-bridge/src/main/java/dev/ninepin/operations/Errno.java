package dev.ninepin.operations;

import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.fid.StaleFileException;
import java.io.InterruptedIOException;
import java.util.List;

/** Linux errno numbers, and {@link #of}, the only place that converts failures to errnos. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int E2BIG = 7;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int EACCES = 13;
    public static final int EEXIST = 17;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int ERANGE = 34;
    public static final int EDEADLK = 35;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOLCK = 37;
    public static final int ENOSYS = 38;
    public static final int ENOTEMPTY = 39;
    public static final int ELOOP = 40;
    public static final int ENODATA = 61;
    public static final int EOVERFLOW = 75;
    public static final int EOPNOTSUPP = 95;
    public static final int ETIMEDOUT = 110;
    public static final int ESTALE = 116;

    /**
     * The first number that the kernel does not accept as an errno: 512 is its internal ERESTARTSYS. It would drop such
     * a reply.
     */
    private static final int FIRST_INVALID = 512;

    /** The names of the numbers from 1 on, as {@code asm-generic/errno.h} of Linux has them; "-" for unused numbers. */
    private static final List<String> NAMES = List.of("""
            EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD
            EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR
            EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS
            EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP
            - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI
            EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR
            ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM
            EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD
            ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE
            EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE
            EADDRNOTAVAIL ENETDOWN
            ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT
            ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM
            EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
            ENOTRECOVERABLE ERFKILL EHWPOISON
            """.strip().split("\\s+"));

    private Errno() {}

    /** Returns the name of an errno, such as ENOENT; for a number without a name, "errno" and the number. */
    public static String name(final int errno) {
        final String name = errno > 0 && errno <= NAMES.size() ? NAMES.get(errno - 1) : "-";
        return name.equals("-") ? "errno " + errno : name;
    }

    /** Returns whether an errno means that permission was denied. */
    public static boolean isDenial(final int errno) {
        return errno == EACCES || errno == EPERM;
    }

    /**
     * Returns the errno that a program gets for a failure: the server's errno if it is valid, and EIO for a failure
     * without an errno, such as the end of the session.
     *
     * <p>A server's ENOSYS becomes EOPNOTSUPP. From a FUSE file system, the kernel takes ENOSYS to mean "never ask
     * again"; an fsync(2), for example, would then succeed without being done ({@code fs/fuse/file.c}, no_fsync,
     * no_open, …).
     */
    public static int of(final Throwable failure) {
        if (failure instanceof RemoteException remote) {
            if (remote.errno() == ENOSYS) {
                return EOPNOTSUPP;
            }
            return remote.errno() > 0 && remote.errno() < FIRST_INVALID ? remote.errno() : EIO;
        } else if (failure instanceof ErrnoException own) {
            return own.errno();
        } else if (failure instanceof StaleFileException) {
            return ESTALE;
        } else if (failure instanceof InterruptedIOException) {
            return EINTR;
        } else if (failure instanceof RequestTimeoutException) {
            return ETIMEDOUT;
        }
        return EIO;
    }
}
