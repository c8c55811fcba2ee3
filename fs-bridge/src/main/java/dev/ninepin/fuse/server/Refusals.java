package dev.ninepin.fuse.server;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policy about what the server denies a user: some requests succeed nevertheless, from what is known for other
 * users. The operation that follows is still denied. Any thread.
 *
 * <p>Before a request reaches the share, only a rename with flags that 9P lacks is refused ({@link NameCallbacks}). The
 * share itself refuses users who must not use it at all ({@link FileOperations#forUser}).
 */
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

    private final FileOperations files;
    private final Predicate<IOException> isRefusal;

    /** @param isRefusal returns whether a failure denies a user permission */
    Refusals(final FileOperations files, final Predicate<IOException> isRefusal) {
        this.files = files;
        this.isRefusal = isRefusal;
    }

    /**
     * Returns a directory's cached entry, with its lookup count incremented, after its lookup failed. The entry is for
     * this lookup only.
     *
     * <p>An error reply would remove the dentry for all users ({@code fs/fuse/dir.c}, fuse_dentry_revalidate). A
     * program that works in the directory would lose its path, and the kernel would unmount everything mounted on or
     * below it. With the cached entry, the user finds the directory, but the server still denies the operation that
     * follows.
     *
     * @throws IOException {@code failure}, if it is no refusal or no such directory is known
     */
    Entry knownDirectory(final long parent, final ByteString name, final IOException failure) throws IOException {
        requireRefusal(failure);
        return files.knownDirectory(parent, name).orElseThrow(() -> failure);
    }

    /**
     * Returns the attributes of an open file that the user may not look up. The kernel does not tell stat(2) from
     * fstat(2), and fstat(2) must work for any process that has a descriptor.
     *
     * @throws IOException {@code failure}, if it is no refusal or the file is not open
     */
    Attributes attributesOfOpen(final long node, final IOException failure) throws IOException {
        requireRefusal(failure);
        return attributesOfOpen(node).orElseThrow(() -> failure);
    }

    /** Returns the attributes of an open file, or empty if the file has been closed in the meantime. */
    private Optional<Attributes> attributesOfOpen(final long node) {
        try {
            return files.attributesOfOpen(node);
        } catch (final IOException e) {
            LOG.trace("node {} is not open any more", node, e);
            return Optional.empty();
        }
    }

    private void requireRefusal(final IOException failure) throws IOException {
        if (!isRefusal.test(failure)) {
            throw failure;
        }
    }
}
