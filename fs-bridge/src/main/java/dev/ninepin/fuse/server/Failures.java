package dev.ninepin.fuse.server;

import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Translates the exception of a failed operation into the errno of the reply, and logs the failure in one line at
 * DEBUG. Any thread.
 */
public final class Failures {
    /** libfuse accepts only errnos below this limit. */
    private static final int ERRNO_LIMIT = 1000;

    /** The operations on a name in a directory; that name is the first one in their requests. */
    private static final Set<String> ON_NAMES =
            Set.of(Requests.LOOKUP, "mknod", "mkdir", "symlink", "unlink", "rmdir", "rename", "create");

    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private final FileOperations files;
    private final ToIntFunction<Throwable> errnoOf;

    Failures(final FileOperations files, final ToIntFunction<Throwable> errnoOf) {
        this.files = files;
        this.errnoOf = errnoOf;
    }

    /** Returns whether {@code errno} counts as a failure of an operation; 0 is success. */
    static boolean isFailure(final String operation, final int errno) {
        return errno != 0 && !isNotThere(operation, errno);
    }

    /**
     * Returns whether an errno only says that a name or an attribute does not exist. Programs ask for such names all
     * the time.
     */
    private static boolean isNotThere(final String operation, final int errno) {
        return switch (errno) {
            case Errno.ENOENT -> operation.equals(Requests.LOOKUP);
            case Errno.ENODATA, Errno.EOPNOTSUPP, Errno.ENOSYS -> operation.equals(XattrCallbacks.GETXATTR);
            default -> false;
        };
    }

    /** Returns whether a failure denies a user permission: EACCES or EPERM. */
    boolean isRefusal(final IOException failure) {
        return Errno.isDenial(errnoOf.applyAsInt(failure));
    }

    /** Logs the failure of an operation on {@code node}, and returns the errno to reply. */
    int errno(final String operation, final long node, final ReceivedRequest received, final Throwable failure) {
        if (!(failure instanceof IOException)) {
            LOG.warn("{} of {} failed unexpectedly", operation, path(operation, node, received), failure);
            return Errno.EIO;
        }
        final int given = errnoOf.applyAsInt(failure);
        if (isNotThere(operation, given)) {
            return given;
        }
        final int errno = given > 0 && given < ERRNO_LIMIT ? given : Errno.EIO;
        if (LOG.isDebugEnabled()) {
            final String name = Errno.name(errno);
            LOG.debug(
                    "{} of {}: {} ({}): {}",
                    operation,
                    path(operation, node, received),
                    name,
                    errno,
                    failure.toString());
        }
        return errno;
    }

    /** Returns the path of a request's node for the log, with the name in that directory if the request has one. */
    private String path(final String operation, final long node, final ReceivedRequest received) {
        final String path = files.pathOf(node);
        final ByteString child = ON_NAMES.contains(operation) ? received.firstName() : null;
        if (child == null) {
            return path;
        }
        return path.endsWith("/") ? path + child : path + "/" + child;
    }
}
