package dev.ninepin.operations;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A change of attributes that a program requests; an empty component is not changed.
 *
 * @param mode the permission bits
 * @param uid the owner
 * @param gid the group
 * @param size the size in bytes
 * @param atime the time of the last access
 * @param mtime the time of the last change of the data
 * @param losesSetId whether the change also removes the file's set-ID bits ({@code FileMode.withoutSetId})
 */
public record AttributeChange(
        OptionalInt mode,
        OptionalInt uid,
        OptionalInt gid,
        OptionalLong size,
        Optional<TimeChange> atime,
        Optional<TimeChange> mtime,
        boolean losesSetId) {

    /** The change that only removes the set-ID bits. */
    public static final AttributeChange LOSS_OF_SET_ID = only(OptionalInt.empty(), OptionalLong.empty(), true);

    public static AttributeChange owner(final OptionalInt uid, final OptionalInt gid) {
        return new AttributeChange(
                OptionalInt.empty(), uid, gid, OptionalLong.empty(), Optional.empty(), Optional.empty(), false);
    }

    public static AttributeChange mode(final int bits) {
        return only(OptionalInt.of(bits), OptionalLong.empty(), false);
    }

    public static AttributeChange size(final long bytes) {
        return only(OptionalInt.empty(), OptionalLong.of(bytes), false);
    }

    private static AttributeChange only(final OptionalInt mode, final OptionalLong size, final boolean losesSetId) {
        return new AttributeChange(
                mode, OptionalInt.empty(), OptionalInt.empty(), size, Optional.empty(), Optional.empty(), losesSetId);
    }

    /** Returns a copy that sets permission bits, and no longer removes the set-ID bits. */
    public AttributeChange withMode(final int bits) {
        return new AttributeChange(OptionalInt.of(bits), uid, gid, size, atime, mtime, false);
    }

    /** Returns whether nothing changes except, possibly, the set-ID bits. */
    public boolean isEmpty() {
        return mode.isEmpty() && uid.isEmpty() && gid.isEmpty() && size.isEmpty() && atime.isEmpty() && mtime.isEmpty();
    }

    /** A time to set: the given time, or the server's current time if empty. */
    public record TimeChange(Optional<Timestamp> time) {}
}
