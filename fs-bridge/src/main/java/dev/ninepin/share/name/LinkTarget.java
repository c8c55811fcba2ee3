package dev.ninepin.share.name;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;

/**
 * The check of symbolic links' targets before they are passed to the kernel, which follows them in this host's own
 * tree.
 */
public final class LinkTarget {
    /**
     * Returns a link's target if programs may see it.
     *
     * <p>If links are to be contained, a target that is absolute or contains {@code ..} is refused, as by sshfs (its
     * {@code contain_symlinks}, since CVE-2026-47187). Counting how far a target climbs would not help, since the names
     * in it may be links themselves.
     *
     * @param contained whether links that may lead out of the share are refused
     * @throws ErrnoException EIO if no link can have the target (the kernel would use it only up to a NUL); EPERM if
     *     the link may lead out of the share and {@code contained} is set
     */
    public static ByteString checked(final ByteString target, final boolean contained) throws ErrnoException {
        if (target.length() == 0 || target.contains('\0')) {
            throw new ErrnoException(
                    Errno.EIO, "the server returned an invalid target of a symbolic link: \"" + target + "\"");
        }
        if (contained && (target.at(0) == '/' || climbs(target))) {
            throw new ErrnoException(
                    Errno.EPERM, "contain_symlinks: the target " + target + " is absolute, or contains \"..\"");
        }
        return target;
    }

    /** Returns whether one of the names between slashes is {@code ..}. */
    private static boolean climbs(final ByteString target) {
        int start = 0;
        for (int i = 0; i <= target.length(); i++) {
            if (i == target.length() || target.at(i) == '/') {
                if (i - start == 2 && target.at(start) == '.' && target.at(start + 1) == '.') {
                    return true;
                }
                start = i + 1;
            }
        }
        return false;
    }

    private LinkTarget() {}
}
