package dev.ninepin.operations;

import java.util.Set;

/**
 * The credentials of a process that requests a file operation: the user and group IDs for new files, and the umask.
 *
 * @param uid as geteuid(2)
 * @param gid as getegid(2)
 * @param umask the permissions that a new file must not have, unless its directory has a default ACL
 * @param groups as getgroups(2), if they matter for the operation; else empty
 */
public record Caller(int uid, int gid, int umask, Set<Integer> groups) {
    public Caller {
        groups = Set.copyOf(groups);
    }

    /** Creates credentials without supplementary groups. */
    public Caller(final int uid, final int gid, final int umask) {
        this(uid, gid, umask, Set.of());
    }

    /** Creates credentials with a umask of 0 and without supplementary groups. */
    public Caller(final int uid, final int gid) {
        this(uid, gid, 0);
    }

    /** Returns a copy with these supplementary groups. */
    public Caller with(final Set<Integer> supplementary) {
        return new Caller(uid, gid, umask, supplementary);
    }

    public boolean isIn(final int group) {
        return gid == group || groups.contains(group);
    }
}
