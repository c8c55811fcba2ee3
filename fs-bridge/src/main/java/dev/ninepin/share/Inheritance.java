package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.RemoteException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a new file gets of its directory's default ACL: its permissions are those asked for, less what the ACL does not
 * allow; where there is none, less its maker's umask. Any thread.
 *
 * <p>The server's kernel does that too, where files have ACLs there. But QEMU then sets the mode that it was sent, as if
 * it had been chmod(2) ({@code hw/9pfs/9p-local.c}, {@code local_set_cred_passthrough}); so it is sent the right one. And
 * in the mapped security models ACLs are notes of which the server's kernel knows nothing: they are handed down here.
 */
final class Inheritance {
    static final ByteString DEFAULT = ByteString.of("system.posix_acl_default");

    /** The answers that mean that a directory has no default ACL. Any other leaves it open whether it has one. */
    private static final Set<Integer> NONE = Set.of(Errno.ENODATA, Errno.EOPNOTSUPP, Errno.ENOSYS);

    private static final Logger LOG = LoggerFactory.getLogger(Inheritance.class);

    private final ExtendedAttributes xattrs;

    Inheritance(final ExtendedAttributes xattrs) {
        this.xattrs = xattrs;
    }

    /**
     * What a file in a directory is to be made with.
     *
     * @param mode the file's type and permissions
     * @param acl the directory's default ACL, if it has one
     */
    record Made(int mode, Optional<PosixAcl> acl) {}

    /**
     * How a file is to be made that is asked for with {@code mode}. Fails if the server does not say whether the directory
     * has a default ACL: a file that was made without one could be open to more users than its directory allows.
     */
    Made of(final Caller caller, final Inode directory, final int mode) throws IOException {
        final Optional<PosixAcl> acl = defaultAcl(directory);
        return new Made(acl.map(known -> known.modeFor(mode)).orElse(mode & ~caller.umask()), acl);
    }

    /**
     * Gives a file that was made so the ACLs that the server has not given it.
     *
     * @throws IOException if that fails; the file is then open to more users than its directory allows
     */
    void handDown(final Inode inode, final Made made) throws IOException {
        if (made.acl().isEmpty()) {
            return;
        }
        final PosixAcl acl = made.acl().get();
        if (inode.isDirectory()) {
            setUnlessThere(inode, DEFAULT, acl);
        }
        final PosixAcl access = acl.accessFor(made.mode());
        if (!access.isOnlyMode()) {
            setUnlessThere(inode, AccessAcl.NAME, access);
        }
    }

    private void setUnlessThere(final Inode inode, final ByteString name, final PosixAcl acl) throws IOException {
        if (!xattrs.isThere(inode, name)) {
            xattrs.set(inode, name, ByteBuffer.wrap(acl.toBytes()), 0);
        }
    }

    private Optional<PosixAcl> defaultAcl(final Inode directory) throws IOException {
        final byte[] value;
        try {
            value = xattrs.get(directory, DEFAULT, ExtendedAttributes.MAX_SIZE);
        } catch (final RemoteException | ErrnoException e) {
            if (!NONE.contains(Errno.of(e))) {
                throw e;
            }
            LOG.trace("node {} has no default ACL", directory.node(), e);
            return Optional.empty();
        }
        return Optional.of(PosixAcl.of(value));
    }
}
