package dev.ninepin.share;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/**
 * A POSIX ACL, as its extended attribute holds it: version[4], then tag[2] perm[2] id[4] for each entry, little-endian.
 * Source: the kernel's {@code posix_acl_xattr.h}.
 */
record PosixAcl(List<Entry> entries) {
    private static final int VERSION = 2;
    private static final int USER_OBJ = 0x1;
    private static final int USER = 0x2;
    private static final int GROUP_OBJ = 0x4;
    private static final int GROUP = 0x8;
    private static final int MASK = 0x10;
    private static final int OTHER = 0x20;

    private static final int ENTRY_SIZE = 8;
    private static final int RWX = 7;
    private static final int PERMISSIONS = 0777;

    PosixAcl {
        entries = List.copyOf(entries);
    }

    /** Who ({@code tag}, {@code id}) may do what ({@code permissions}: read 4, write 2, execute 1). */
    record Entry(int tag, int permissions, int id) {
        /** Whether {@link #id} is a user's. */
        boolean isUser() {
            return tag == USER;
        }

        /** Whether {@link #id} is a group's. */
        boolean isGroup() {
            return tag == GROUP;
        }
    }

    /** Reads the value of the attribute. EIO if it is none. */
    static PosixAcl of(final byte[] value) throws ErrnoException {
        final ByteBuffer in = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() % ENTRY_SIZE != Integer.BYTES || in.getInt() != VERSION) {
            throw new ErrnoException(Errno.EIO, "an ACL that is none");
        }
        final List<Entry> entries = new ArrayList<>();
        while (in.hasRemaining()) {
            entries.add(new Entry(in.getShort(), in.getShort(), in.getInt()));
        }
        return new PosixAcl(entries);
    }

    /** As {@link #of}, of what a program asks to be set. EINVAL if it is none. */
    static PosixAcl asked(final ByteBuffer value) throws ErrnoException {
        final byte[] bytes = new byte[value.remaining()];
        value.duplicate().get(bytes);
        try {
            return of(bytes);
        } catch (final ErrnoException e) {
            throw new ErrnoException(Errno.EINVAL, String.valueOf(e.getMessage()));
        }
    }

    /** The same with other numbers of the users and groups in it. */
    PosixAcl withIds(final IntUnaryOperator users, final IntUnaryOperator groups) {
        return new PosixAcl(entries.stream()
                .map(entry -> {
                    if (entry.isUser()) {
                        return new Entry(entry.tag, entry.permissions, users.applyAsInt(entry.id));
                    } else if (entry.isGroup()) {
                        return new Entry(entry.tag, entry.permissions, groups.applyAsInt(entry.id));
                    }
                    return entry;
                })
                .toList());
    }

    /** The value of the attribute. */
    byte[] toBytes() {
        final ByteBuffer out = ByteBuffer.allocate(Integer.BYTES + entries.size() * ENTRY_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(VERSION);
        for (final Entry entry : entries) {
            out.putShort((short) entry.tag).putShort((short) entry.permissions).putInt(entry.id);
        }
        return out.array();
    }

    /** Whether it has what every ACL has. */
    boolean isComplete() {
        return Stream.of(USER_OBJ, GROUP_OBJ, OTHER)
                .allMatch(tag -> entries.stream().anyMatch(entry -> entry.tag == tag));
    }

    /** Whether it says no more than a mode does. */
    boolean isOnlyMode() {
        return entries.stream().allMatch(entry -> (entry.tag & (USER_OBJ | GROUP_OBJ | OTHER)) != 0);
    }

    /**
     * The mode of a new file that is asked for with {@code mode} where this is the default ACL: what both allow. Source:
     * {@code posix_acl_create_masq} in the kernel's {@code fs/posix_acl.c}.
     */
    int modeFor(final int mode) {
        final int allowed = permissions(USER_OBJ) << 6 | permissions(groupTag()) << 3 | permissions(OTHER);
        return mode & (allowed | ~PERMISSIONS);
    }

    /** The ACL of a new file that has got {@code mode}, where this is the default ACL. */
    PosixAcl accessFor(final int mode) {
        final int group = groupTag();
        return new PosixAcl(entries.stream()
                .map(entry -> {
                    if (entry.tag == USER_OBJ) {
                        return new Entry(entry.tag, mode >> 6 & RWX, entry.id);
                    } else if (entry.tag == group) {
                        return new Entry(entry.tag, mode >> 3 & RWX, entry.id);
                    } else if (entry.tag == OTHER) {
                        return new Entry(entry.tag, mode & RWX, entry.id);
                    }
                    return entry;
                })
                .toList());
    }

    /** The entry that the group's bits of a mode stand for. */
    private int groupTag() {
        return entries.stream().anyMatch(entry -> entry.tag == MASK) ? MASK : GROUP_OBJ;
    }

    private int permissions(final int tag) {
        return entries.stream()
                .filter(entry -> entry.tag == tag)
                .findFirst()
                .map(entry -> entry.permissions & RWX)
                .orElse(0);
    }
}
