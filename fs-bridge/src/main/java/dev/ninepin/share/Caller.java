package dev.ninepin.share;

import java.util.Set;

/**
 * Who asks for a file operation: the user and group ids that a new file is to belong to, and what it must not allow.
 *
 * @param uid as geteuid(2)
 * @param gid as getegid(2)
 * @param umask the permissions that a new file is not to have, unless its directory has a default ACL
 * @param groups as getgroups(2), where they matter; else empty
 */
public record Caller(int uid, int gid, int umask, Set<Integer> groups) {
    public Caller {
        groups = Set.copyOf(groups);
    }

    /** In no other group. */
    public Caller(final int uid, final int gid, final int umask) {
        this(uid, gid, umask, Set.of());
    }

    /** With an umask of 0, and in no other group. */
    public Caller(final int uid, final int gid) {
        this(uid, gid, 0);
    }

    /** Also a member of these groups. */
    public Caller with(final Set<Integer> supplementary) {
        return new Caller(uid, gid, umask, supplementary);
    }

    boolean isIn(final int group) {
        return gid == group || groups.contains(group);
    }
}
