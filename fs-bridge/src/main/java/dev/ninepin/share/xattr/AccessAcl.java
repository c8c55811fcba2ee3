package dev.ninepin.share.xattr;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.id.PosixAcl;
import dev.ninepin.share.inode.Inode;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Sets a file's access ACL and the mode that corresponds to it. Any thread may call any method.
 *
 * <p>If the server's file system has ACLs, its kernel updates the mode itself, and does not store an ACL that says no
 * more than the mode. In QEMU's mapped security models, ACLs are plain attributes ({@code hw/9pfs/9p-posix-acl.c}).
 * Then this class does both.
 */
public final class AccessAcl {
    public static final ByteString NAME = ByteString.of("system.posix_acl_access");

    private static final int PERMISSIONS = 0777;
    private static final int MODE_BITS = 07777;

    private final ExtendedAttributes xattrs;
    private final AttributeReader attributes;
    private final AttributeWriter writer;

    public AccessAcl(final ExtendedAttributes xattrs, final AttributeReader attributes, final AttributeWriter writer) {
        this.xattrs = xattrs;
        this.attributes = attributes;
        this.writer = writer;
    }

    /**
     * Sets or removes a file's access ACL.
     *
     * @param value the ACL as its extended attribute stores it; an ACL without entries removes the file's ACL
     * @param flags setxattr(2)'s flags
     * @throws ErrnoException EINVAL if the value is not an ACL, or lacks a required entry
     */
    public void set(final Inode inode, final ByteBuffer value, final int flags) throws IOException {
        final PosixAcl acl = acl(value);
        if (acl.entries().isEmpty()) {
            if (xattrs.hasNonEmptyValue(inode, NAME)) {
                xattrs.remove(inode, NAME);
            }
            return;
        }
        xattrs.set(inode, NAME, value, flags);
        final int mode = attributes.read(inode).mode();
        final int wanted = acl.modeFor(PERMISSIONS);
        if ((mode & PERMISSIONS) != wanted) {
            writer.change(inode, AttributeChange.mode((mode & MODE_BITS & ~PERMISSIONS) | wanted));
        }
        if (acl.isOnlyMode() && xattrs.hasNonEmptyValue(inode, NAME)) {
            xattrs.remove(inode, NAME);
        }
    }

    /**
     * Parses and checks an ACL before any request is sent. Without the entries of owner, group and others, the mode
     * would lose their permissions.
     */
    private static PosixAcl acl(final ByteBuffer value) throws ErrnoException {
        final PosixAcl acl = PosixAcl.asked(value);
        if (acl.entries().isEmpty() || acl.isComplete()) {
            return acl;
        }
        throw new ErrnoException(Errno.EINVAL, "invalid ACL: the entry of the owner, the group or others is missing");
    }
}
