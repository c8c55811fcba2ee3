package dev.ninepin.share;

import dev.ninepin.p9.ByteString;

/** What of a symbolic link's target may reach the kernel, which follows it in this machine's own tree. */
final class LinkTarget {
    /**
     * The target, if it may be shown.
     *
     * <p>To contain links, one that is absolute or has {@code ..} anywhere in it is refused, as sshfs does (its {@code
     * contain_symlinks}, since CVE-2026-47187). It does not help to count how far a target climbs: the names in it may be
     * links themselves.
     *
     * @throws ErrnoException EIO if no link can have it (the kernel would read on to a NUL only); EPERM if it is to be
     *     contained, and is not
     */
    static ByteString checked(final ByteString target, final boolean contained) throws ErrnoException {
        if (target.length() == 0 || target.contains('\0')) {
            throw new ErrnoException(
                    Errno.EIO, "the server gave the target \"" + target + "\", which no link can have");
        }
        if (contained && (target.at(0) == '/' || climbs(target))) {
            throw new ErrnoException(
                    Errno.EPERM, "contain_symlinks: the target " + target + " is absolute, or has \"..\" in it");
        }
        return target;
    }

    /** Whether one of the names between slashes is {@code ..}. */
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
