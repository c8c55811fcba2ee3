package dev.ninepin.share.id;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * The mapping between server IDs and local IDs of users and groups. It consists of ranges, like those of an ID-mapped
 * mount ({@code X-mount.idmap} of mount(8)). IDs are unsigned 32-bit numbers.
 *
 * <p>Without ranges for users, all users have the same ID on both sides. With ranges, a user outside all of them has no
 * ID on the other side. The same holds for groups.
 *
 * @param users the ranges of user IDs
 * @param groups the ranges of group IDs
 */
public record IdMap(List<Range> users, List<Range> groups) {
    /** The mapping in which every ID is the same on both sides. */
    public static final IdMap SAME = new IdMap(List.of(), List.of());

    /**
     * The ID shown for a server user or group without a local ID: the kernel's invalid ID ({@code
     * kernel/user_namespace.c}, make_kuid).
     *
     * <p>No local user, not even root, counts as the owner of such files. They cannot be changed or removed until root
     * gives them an owner ({@code fs/namei.c}, inode_permission and may_delete; {@code fs/attr.c}, notify_change). An
     * ID-mapped mount behaves in the same way. stat(2) shows the ID in {@code /proc/sys/kernel/overflowuid}, 65534.
     * That ID itself must not be used: the files would belong to the local user with that ID.
     */
    public static final int NO_ID = -1;

    /**
     * The ID shown in an ACL for a server user or group without a local ID. It is not {@link #NO_ID}: from Linux 6.2
     * on, the kernel refuses an ACL that contains that (EINVAL; {@code fs/posix_acl.c}, posix_acl_from_xattr).
     *
     * <p>This ID is never assigned to a local user. So an ACL that was read with it cannot be set again, and no entry
     * is lost or becomes another user's.
     */
    private static final int NOBODY_IN_ACL = -2;

    /**
     * @throws IllegalArgumentException if two ranges of users or of groups overlap, on either side; the message names
     *     them
     */
    public IdMap {
        users = checked(users, "users");
        groups = checked(groups, "groups");
    }

    /**
     * A range of {@code count} IDs: those from {@code server} on are the local IDs from {@code here} on.
     *
     * @param server the first ID on the server
     * @param here the first local ID
     * @param count the number of IDs, at least 1
     */
    public record Range(long server, long here, long count) {
        private static final long END = 0xffff_ffffL;

        /** @throws IllegalArgumentException if the range is empty or exceeds 4294967294 on either side */
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

        /** Returns the range as the mount option has it: {@code SERVER:LOCAL:COUNT}. */
        @Override
        public String toString() {
            return server + ":" + here + ":" + count;
        }
    }

    /** Returns the local ID of a server's user; {@link #NO_ID} if it has none. */
    public int toLocalUser(final int server) {
        return here(users, server).orElse(NO_ID);
    }

    /** Like {@link #toLocalUser}, for groups. */
    public int toLocalGroup(final int server) {
        return here(groups, server).orElse(NO_ID);
    }

    /** Returns the server ID of a local user; empty if it has none. */
    public OptionalInt toServerUser(final int here) {
        return there(users, here);
    }

    /**
     * Returns the server ID of a local user, for use as a file's owner. Fails with EOVERFLOW if it has none, as an
     * ID-mapped mount does.
     */
    public int toServerOwner(final int here) throws ErrnoException {
        return toServerOwner(users, here, "user");
    }

    /** Like {@link #toServerOwner}, for groups. */
    public int toServerGroup(final int here) throws ErrnoException {
        return toServerOwner(groups, here, "group");
    }

    /**
     * Converts the attribute value of an ACL from server IDs to local IDs. An ID without a local one becomes
     * 4294967294. Fails with EIO if the value is not an ACL.
     */
    public byte[] toLocalAcl(final byte[] value) throws ErrnoException {
        if (isSame()) {
            return value;
        }
        return PosixAcl.of(value)
                .withIds(id -> here(users, id).orElse(NOBODY_IN_ACL), id -> here(groups, id)
                        .orElse(NOBODY_IN_ACL))
                .toBytes();
    }

    /**
     * Converts the attribute value of an ACL from local IDs to server IDs. Fails with EINVAL if the value is not an
     * ACL, or if an ID in it has no server ID.
     */
    public ByteBuffer toServerAcl(final ByteBuffer value) throws ErrnoException {
        return isSame() ? value : ByteBuffer.wrap(there(PosixAcl.asked(value)).toBytes());
    }

    private PosixAcl there(final PosixAcl acl) throws ErrnoException {
        for (final PosixAcl.Entry entry : acl.entries()) {
            if ((entry.isUser() && there(users, entry.id()).isEmpty())
                    || (entry.isGroup() && there(groups, entry.id()).isEmpty())) {
                throw new ErrnoException(
                        Errno.EINVAL,
                        "cannot set the ACL: idmap= maps no server ID to " + Integer.toUnsignedString(entry.id()));
            }
        }
        return acl.withIds(
                id -> there(users, id).orElseThrow(), id -> there(groups, id).orElseThrow());
    }

    /** Returns whether every ID is the same on both sides. */
    private boolean isSame() {
        return users.isEmpty() && groups.isEmpty();
    }

    private static int toServerOwner(final List<Range> ranges, final int here, final String kind)
            throws ErrnoException {
        return there(ranges, here)
                .orElseThrow(() -> new ErrnoException(
                        Errno.EOVERFLOW,
                        "idmap= maps no server ID to the " + kind + " " + Integer.toUnsignedString(here)));
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

    /** Returns an immutable copy of the ranges. Throws IllegalArgumentException if two of them overlap. */
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
