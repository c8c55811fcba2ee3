package dev.ninepin.share;

/**
 * Who asks for a file operation: the user and group ids that a new file is to belong to, and what it must not allow.
 *
 * @param uid as geteuid(2)
 * @param gid as getegid(2)
 * @param umask the permissions that a new file is not to have, unless its directory has a default ACL
 */
public record Caller(int uid, int gid, int umask) {
    /** With an umask of 0. */
    public Caller(final int uid, final int gid) {
        this(uid, gid, 0);
    }
}
