package dev.ninepin.share.xattr;

import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Extended attributes as programs on this host see them: ACLs with local IDs, which only a file's owner may change. Any
 * thread may call any method.
 */
public final class LocalXattrs {
    private static final ByteString SYSTEM = ByteString.of("system.");

    private final ExtendedAttributes xattrs;
    private final AttributeReader attributes;
    private final AccessAcl accessAcls;
    private final IdMap idMap;

    public LocalXattrs(
            final UserView view,
            final ExtendedAttributes xattrs,
            final AttributeReader attributes,
            final AttributeWriter writer) {
        this.xattrs = xattrs;
        this.attributes = attributes;
        this.accessAcls = new AccessAcl(xattrs, attributes, writer);
        this.idMap = view.options().idMap();
    }

    /** Implements {@code FileOperations.getxattr}. */
    public byte[] get(final Inode inode, final ByteString name, final int room) throws IOException {
        final byte[] value = xattrs.get(inode, name, room);
        return isAcl(name) ? idMap.toLocalAcl(value) : value;
    }

    /** Implements {@code FileOperations.setxattr}. */
    public void set(
            final Caller caller, final Inode inode, final ByteString name, final ByteBuffer value, final int flags)
            throws IOException {
        requireOwner(caller, inode, name);
        // A write removes a file's capabilities.
        inode.pending.await();
        final ByteBuffer sent = isAcl(name) ? idMap.toServerAcl(value) : value;
        if (name.equals(AccessAcl.NAME)) {
            accessAcls.set(inode, sent, flags);
        } else {
            xattrs.set(inode, name, sent, flags);
        }
    }

    /** Implements {@code FileOperations.removexattr}. */
    public void remove(final Caller caller, final Inode inode, final ByteString name) throws IOException {
        requireOwner(caller, inode, name);
        xattrs.remove(inode, name);
    }

    private static boolean isAcl(final ByteString name) {
        return name.equals(AccessAcl.NAME) || name.equals(Inheritance.DEFAULT);
    }

    /**
     * Fails with EPERM unless the caller may change an ACL: the file's owner and root may. Before Linux 6.2, the kernel
     * leaves this check to the file system ({@code fs/xattr.c}, xattr_permission).
     */
    private void requireOwner(final Caller caller, final Inode inode, final ByteString name) throws IOException {
        if (name.startsWith(SYSTEM)
                && caller.uid() != 0
                && caller.uid() != attributes.read(inode).uid()) {
            throw new ErrnoException(Errno.EPERM, "only the owner of the file and root may change " + name);
        }
    }
}
