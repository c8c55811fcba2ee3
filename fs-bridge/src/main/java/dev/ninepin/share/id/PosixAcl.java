package dev.ninepin.share.id;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/**
 * A POSIX ACL, as its extended attribute stores it: version[4], then tag[2] perm[2] id[4] for each entry,
 * little-endian. Source: the kernel's {@code posix_acl_xattr.h}.
 */
public record PosixAcl(List<Entry> entries) {
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

    public PosixAcl {
        entries = List.copyOf(entries);
    }

    /**
     * An entry of an ACL.
     *
     * @param tag the kind of user or group, an {@code ACL_…} number of the kernel
     * @param permissions the sum of read 4, write 2 and execute 1
     * @param id the user or group; used only if {@link #isUser} or {@link #isGroup}
     */
    public record Entry(int tag, int permissions, int id) {
        /** Returns whether {@link #id} is the ID of a user. */
        boolean isUser() {
            return tag == USER;
        }

        /** Returns whether {@link #id} is the ID of a group. */
        boolean isGroup() {
            return tag == GROUP;
        }
    }

    /** Parses an attribute value that came from the server. Fails with EIO if it is not an ACL. */
    public static PosixAcl of(final byte[] value) throws ErrnoException {
        final ByteBuffer in = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() % ENTRY_SIZE != Integer.BYTES || in.getInt() != VERSION) {
            throw new ErrnoException(Errno.EIO, "the value is not a POSIX ACL");
        }
        final List<Entry> entries = new ArrayList<>();
        while (in.hasRemaining()) {
            entries.add(new Entry(in.getShort(), in.getShort(), in.getInt()));
        }
        return new PosixAcl(entries);
    }

    /** Parses an attribute value that a program sets. Fails with EINVAL if it is not an ACL. */
    public static PosixAcl asked(final ByteBuffer value) throws ErrnoException {
        final byte[] bytes = new byte[value.remaining()];
        value.duplicate().get(bytes);
        try {
            return of(bytes);
        } catch (final ErrnoException e) {
            throw new ErrnoException(Errno.EINVAL, String.valueOf(e.getMessage()));
        }
    }

    /** Returns a copy of this ACL with converted user and group IDs. */
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

    /** Returns the attribute value of this ACL. */
    public byte[] toBytes() {
        final ByteBuffer out = ByteBuffer.allocate(Integer.BYTES + entries.size() * ENTRY_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(VERSION);
        for (final Entry entry : entries) {
            out.putShort((short) entry.tag).putShort((short) entry.permissions).putInt(entry.id);
        }
        return out.array();
    }

    /**
     * Returns whether this ACL has the three entries that every ACL needs: the owner's, the group's and the others'.
     */
    public boolean isComplete() {
        return Stream.of(USER_OBJ, GROUP_OBJ, OTHER)
                .allMatch(tag -> entries.stream().anyMatch(entry -> entry.tag == tag));
    }

    /** Returns whether this ACL can be expressed by mode bits alone. */
    public boolean isOnlyMode() {
        return entries.stream().allMatch(entry -> (entry.tag & (USER_OBJ | GROUP_OBJ | OTHER)) != 0);
    }

    /**
     * Returns the mode of a new file in a directory with this default ACL: the permissions that both the ACL and {@code
     * mode} allow. Source: {@code posix_acl_create_masq} in the kernel's {@code fs/posix_acl.c}.
     */
    public int modeFor(final int mode) {
        final int allowed = permissions(USER_OBJ) << 6 | permissions(groupTag()) << 3 | permissions(OTHER);
        return mode & (allowed | ~PERMISSIONS);
    }

    /**
     * Returns the access ACL of a new file in a directory with this default ACL.
     *
     * @param mode the file's mode, from {@link #modeFor}
     */
    public PosixAcl accessFor(final int mode) {
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

    /**
     * Returns the tag of the entry that the group bits of a mode stand for: the mask if there is one, else the owning
     * group.
     */
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
