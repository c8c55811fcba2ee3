package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Sets a file's access ACL, and with it the mode: the one says the other. The server's kernel does that where it knows of
 * the ACL, and keeps none that says no more than the mode; what it leaves undone is done here. (In QEMU's mapped security
 * models ACLs are notes, {@code hw/9pfs/9p-posix-acl.c}.) Any thread.
 */
final class AccessAcl {
    static final ByteString NAME = ByteString.of("system.posix_acl_access");

    private static final int PERMISSIONS = 0777;
    private static final int MODE_BITS = 07777;

    private final ExtendedAttributes xattrs;
    private final AttributeReader attributes;
    private final AttributeWriter writer;

    AccessAcl(final ExtendedAttributes xattrs, final AttributeReader attributes, final AttributeWriter writer) {
        this.xattrs = xattrs;
        this.attributes = attributes;
        this.writer = writer;
    }

    /** @param value the ACL as an extended attribute, EINVAL if it is none; one without entries means that there is none */
    void set(final Inode inode, final ByteBuffer value, final int flags) throws IOException {
        final PosixAcl acl = acl(value);
        if (acl.entries().isEmpty()) {
            if (xattrs.isThere(inode, NAME)) {
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
        if (acl.isOnlyMode() && xattrs.isThere(inode, NAME)) {
            xattrs.remove(inode, NAME);
        }
    }

    /** Checked before anything is sent: what lacks an owner, a group or others would be a mode without them. */
    private static PosixAcl acl(final ByteBuffer value) throws ErrnoException {
        final PosixAcl acl = PosixAcl.asked(value);
        if (acl.entries().isEmpty() || acl.isComplete()) {
            return acl;
        }
        throw new ErrnoException(Errno.EINVAL, "an ACL without its owner, its group or others");
    }
}
