package dev.ninepin.share;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Which number a user or group of the server has here: ranges, as those of an id-mapped mount ({@code X-mount.idmap} of
 * mount(8)). Kinds of numbers for which there is no range are the same on both sides; as soon as there is one, what is in
 * none has no number on the other side. Numbers are unsigned.
 *
 * @param users ranges of users
 * @param groups ranges of groups
 */
public record IdMap(List<Range> users, List<Range> groups) {
    /** All are the same on both sides. */
    public static final IdMap SAME = new IdMap(List.of(), List.of());

    /**
     * Who has no number here: to the kernel this is no user at all ({@code kernel/user_namespace.c}, make_kuid). So nobody,
     * root included, counts as the owner of his files, and they can't be changed or removed before root gives them an owner
     * ({@code fs/namei.c}, inode_permission and may_delete; {@code fs/attr.c}, notify_change): as on an id-mapped mount.
     * stat(2) shows {@code /proc/sys/kernel/overflowuid} for him, 65534. That number itself would make his files those of
     * the user here who has it.
     */
    static final int NO_ID = -1;

    /**
     * Who has no number here, in an ACL: from Linux 6.2 on, the kernel refuses the whole of one with {@link #NO_ID} in it
     * (EINVAL; {@code fs/posix_acl.c}, posix_acl_from_xattr). A number that nobody is given here, so that an ACL that was
     * read with it can't be set again, and nobody's entry is lost or becomes another's.
     */
    private static final int NOBODY_IN_ACL = -2;

    /** @throws IllegalArgumentException if two ranges of a kind overlap, on either side; the message names them */
    public IdMap {
        users = checked(users, "users");
        groups = checked(groups, "groups");
    }

    /**
     * {@code count} numbers from {@code server} on are those from {@code here} on.
     *
     * @param server the first on the server
     * @param here the first here
     * @param count how many; at least 1
     */
    public record Range(long server, long here, long count) {
        private static final long END = 0xffff_ffffL;

        /** @throws IllegalArgumentException if it is empty, or goes beyond 4294967294 on either side */
        public Range {
            if (server < 0 || here < 0 || count < 1 || count > END - Math.max(server, here)) {
                throw new IllegalArgumentException("from " + server + " and " + here + " on, " + count
                        + " numbers: there are those from 0 to " + (END - 1));
            }
        }

        private OptionalInt toHere(final int id) {
            return moved(id, server, here);
        }

        private OptionalInt toServer(final int id) {
            return moved(id, here, server);
        }

        private OptionalInt moved(final int id, final long from, final long to) {
            final long offset = Integer.toUnsignedLong(id) - from;
            return offset >= 0 && offset < count ? OptionalInt.of((int) (to + offset)) : OptionalInt.empty();
        }

        private boolean overlaps(final Range other) {
            return overlap(server, other.server, other) || overlap(here, other.here, other);
        }

        private boolean overlap(final long first, final long others, final Range other) {
            return first < others + other.count && others < first + count;
        }

        /** As an option has it. */
        @Override
        public String toString() {
            return server + ":" + here + ":" + count;
        }
    }

    /** The user here who has a number on the server; 4294967295 if none has. */
    int userHere(final int server) {
        return here(users, server).orElse(NO_ID);
    }

    /** As {@link #userHere}, for groups. */
    int groupHere(final int server) {
        return here(groups, server).orElse(NO_ID);
    }

    /** The server's number of a user; empty if he has none there. */
    public OptionalInt userThere(final int here) {
        return there(users, here);
    }

    /** The server's number of a user who owns a file, or is to. EOVERFLOW if he has none, as on an id-mapped mount. */
    int ownerThere(final int here) throws ErrnoException {
        return ownerThere(users, here, "user");
    }

    /** As {@link #ownerThere}, for groups. */
    int groupThere(final int here) throws ErrnoException {
        return ownerThere(groups, here, "group");
    }

    /** The value of an ACL's attribute with the numbers of here; who has none is 4294967294. */
    byte[] aclHere(final byte[] value) throws ErrnoException {
        if (isSame()) {
            return value;
        }
        return PosixAcl.of(value)
                .withIds(id -> here(users, id).orElse(NOBODY_IN_ACL), id -> here(groups, id)
                        .orElse(NOBODY_IN_ACL))
                .toBytes();
    }

    /** The value of an ACL's attribute with the server's numbers. EINVAL if it is none, or somebody in it has none. */
    ByteBuffer aclThere(final ByteBuffer value) throws ErrnoException {
        return isSame() ? value : ByteBuffer.wrap(there(PosixAcl.asked(value)).toBytes());
    }

    private PosixAcl there(final PosixAcl acl) throws ErrnoException {
        for (final PosixAcl.Entry entry : acl.entries()) {
            if ((entry.isUser() && there(users, entry.id()).isEmpty())
                    || (entry.isGroup() && there(groups, entry.id()).isEmpty())) {
                throw new ErrnoException(
                        Errno.EINVAL,
                        "idmap= has no number for " + Integer.toUnsignedString(entry.id()) + " of the ACL");
            }
        }
        return acl.withIds(
                id -> there(users, id).orElseThrow(), id -> there(groups, id).orElseThrow());
    }

    /** Whether all are the same on both sides. */
    private boolean isSame() {
        return users.isEmpty() && groups.isEmpty();
    }

    private static int ownerThere(final List<Range> ranges, final int here, final String kind) throws ErrnoException {
        return there(ranges, here)
                .orElseThrow(() -> new ErrnoException(
                        Errno.EOVERFLOW,
                        "idmap= has no number on the server for the " + kind + " " + Integer.toUnsignedString(here)));
    }

    private static OptionalInt here(final List<Range> ranges, final int server) {
        return mapped(ranges, server, range -> range.toHere(server));
    }

    private static OptionalInt there(final List<Range> ranges, final int here) {
        return mapped(ranges, here, range -> range.toServer(here));
    }

    private static OptionalInt mapped(
            final List<Range> ranges, final int id, final Function<Range, OptionalInt> other) {
        return ranges.isEmpty()
                ? OptionalInt.of(id)
                : ranges.stream()
                        .map(other)
                        .filter(OptionalInt::isPresent)
                        .findFirst()
                        .orElse(OptionalInt.empty());
    }

    private static List<Range> checked(final List<Range> ranges, final String kind) {
        final List<Range> seen = new ArrayList<>();
        for (final Range range : ranges) {
            seen.stream().filter(range::overlaps).findFirst().ifPresent(other -> {
                throw new IllegalArgumentException(
                        "the ranges " + other + " and " + range + " of " + kind + " overlap");
            });
            seen.add(range);
        }
        return List.copyOf(ranges);
    }
}
