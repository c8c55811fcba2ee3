package dev.ninepin.share.xattr;

import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.id.PosixAcl;
import dev.ninepin.share.inode.Inode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies a directory's default ACL to new files. The file's permissions are the requested ones, limited by the default
 * ACL; without a default ACL, they are limited by the caller's umask. Any thread may call any method.
 *
 * <p>The server's kernel does this too, if its file system has ACLs. There are two reasons to do it on this host as
 * well:
 *
 * <ul>
 *   <li>QEMU afterwards sets the mode that it was sent, like chmod(2) ({@code hw/9pfs/9p-local.c}, {@code
 *       local_set_cred_passthrough}). So Ninepin sends the final mode.
 *   <li>In QEMU's mapped security models, ACLs are plain attributes that the server's kernel does not interpret. So
 *       Ninepin sets the new file's ACLs.
 * </ul>
 */
public final class Inheritance {
    public static final ByteString DEFAULT = ByteString.of("system.posix_acl_default");

    /** The errors that mean that a directory has no default ACL. Any other error leaves the question open. */
    private static final Set<Integer> NONE = Set.of(Errno.ENODATA, Errno.EOPNOTSUPP, Errno.ENOSYS);

    private static final Logger LOG = LoggerFactory.getLogger(Inheritance.class);

    private final ExtendedAttributes xattrs;

    public Inheritance(final ExtendedAttributes xattrs) {
        this.xattrs = xattrs;
    }

    /**
     * The mode and ACL with which a new file is created.
     *
     * @param mode the file's type and permissions
     * @param acl the directory's default ACL; empty if it has none
     */
    public record Made(int mode, Optional<PosixAcl> acl) {}

    /**
     * Returns the mode and ACL for a new file. Fails if the server does not tell whether the directory has a default
     * ACL: without the ACL, the file could be open to more users than its directory allows.
     *
     * @param mode the requested type and permissions, before the umask
     */
    public Made modeAndAclFor(final Caller caller, final Inode directory, final int mode) throws IOException {
        final Optional<PosixAcl> acl = defaultAcl(directory);
        return new Made(acl.map(known -> known.modeFor(mode)).orElse(mode & ~caller.umask()), acl);
    }

    /**
     * Sets the ACLs of a new file, unless the server has set them.
     *
     * @throws IOException if that fails; the file is then open to more users than its directory allows
     */
    public void applyAcls(final Inode inode, final Made made) throws IOException {
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

    /**
     * Records which attributes a file lacks that was just created without an ACL.
     *
     * @param since {@link System#nanoTime} before the file was created
     */
    public void recordCreated(final Inode made, final Inode directory, final long since) {
        xattrs.recordCreated(made, directory, since);
    }

    private void setUnlessThere(final Inode inode, final ByteString name, final PosixAcl acl) throws IOException {
        if (!xattrs.hasNonEmptyValue(inode, name)) {
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
