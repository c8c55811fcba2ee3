package dev.ninepin.fuse;

import dev.ninepin.p9.ByteString;
import dev.ninepin.share.Errno;
import dev.ninepin.share.FileOperations;
import java.io.IOException;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what an operation failed with into the errno to reply, and tells of it, in one line at DEBUG. Any thread. */
final class Failures {
    /** libfuse takes an errno below this. */
    private static final int ERRNO_LIMIT = 1000;

    /** The operations on a name in a directory, which is the first that a request of theirs holds. */
    private static final Set<String> ON_NAMES =
            Set.of(Callbacks.LOOKUP, "mknod", "mkdir", "symlink", "unlink", "rmdir", "rename", "create");

    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private final FileOperations files;
    private final ToIntFunction<Throwable> errnoOf;

    Failures(final FileOperations files, final ToIntFunction<Throwable> errnoOf) {
        this.files = files;
        this.errnoOf = errnoOf;
    }

    /** Whether {@code errno}, 0 for none, counts as a failure of an operation. */
    static boolean isFailure(final String operation, final int errno) {
        return errno != 0 && !isNotThere(operation, errno);
    }

    /** Whether this only says that there is no such name, or attribute: what is asked for all the time. */
    private static boolean isNotThere(final String operation, final int errno) {
        return switch (errno) {
            case Errno.ENOENT -> operation.equals(Callbacks.LOOKUP);
            case Errno.ENODATA, Errno.EOPNOTSUPP, Errno.ENOSYS -> operation.equals(XattrCallbacks.GETXATTR);
            default -> false;
        };
    }

    /** Whether it says that a user must not do what he asked for. */
    boolean isRefusal(final IOException failure) {
        return Errno.isDenial(errnoOf.applyAsInt(failure));
    }

    /** The errno for {@code failure} of an operation on {@code node}, which {@code worker} serves. */
    int errno(final String operation, final long node, final Worker worker, final Throwable failure) {
        if (!(failure instanceof IOException)) {
            LOG.warn("{} of {} failed unexpectedly", operation, path(operation, node, worker), failure);
            return Errno.EIO;
        }
        final int given = errnoOf.applyAsInt(failure);
        if (isNotThere(operation, given)) {
            return given;
        }
        final int errno = given > 0 && given < ERRNO_LIMIT ? given : Errno.EIO;
        if (LOG.isDebugEnabled()) {
            final String name = jnr.constants.platform.Errno.valueOf(errno).name();
            LOG.debug(
                    "{} of {}: {} ({}): {}", operation, path(operation, node, worker), name, errno, failure.toString());
        }
        return errno;
    }

    /** What a request is about, for people: its node, and the name in that if it has one. */
    private String path(final String operation, final long node, final Worker worker) {
        final String path = files.pathOf(node);
        final ByteString child = ON_NAMES.contains(operation) ? worker.firstName() : null;
        if (child == null) {
            return path;
        }
        return path.endsWith("/") ? path + child : path + "/" + child;
    }
}
