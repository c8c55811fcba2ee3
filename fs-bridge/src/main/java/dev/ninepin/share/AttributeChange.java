package dev.ninepin.share;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The attributes that a caller wants changed; an empty one stays.
 *
 * @param mode permission bits
 * @param uid owner
 * @param gid group
 * @param size bytes
 * @param atime last access
 * @param mtime last change of the data
 * @param losesSetId whether the file is to lose its set-ID bits with it ({@link FileMode#withoutSetId})
 */
public record AttributeChange(
        OptionalInt mode,
        OptionalInt uid,
        OptionalInt gid,
        OptionalLong size,
        Optional<TimeChange> atime,
        Optional<TimeChange> mtime,
        boolean losesSetId) {

    /** Nothing but the loss of the set-ID bits. */
    static final AttributeChange LOSS_OF_SET_ID = only(OptionalInt.empty(), OptionalLong.empty(), true);

    static AttributeChange owner(final OptionalInt uid, final OptionalInt gid) {
        return new AttributeChange(
                OptionalInt.empty(), uid, gid, OptionalLong.empty(), Optional.empty(), Optional.empty(), false);
    }

    static AttributeChange mode(final int bits) {
        return only(OptionalInt.of(bits), OptionalLong.empty(), false);
    }

    static AttributeChange size(final long bytes) {
        return only(OptionalInt.empty(), OptionalLong.of(bytes), false);
    }

    private static AttributeChange only(final OptionalInt mode, final OptionalLong size, final boolean losesSetId) {
        return new AttributeChange(
                mode, OptionalInt.empty(), OptionalInt.empty(), size, Optional.empty(), Optional.empty(), losesSetId);
    }

    /** The same, and other permission bits. */
    AttributeChange withMode(final int bits) {
        return new AttributeChange(OptionalInt.of(bits), uid, gid, size, atime, mtime, false);
    }

    /** Whether all stays, but for set-ID bits. */
    boolean isEmpty() {
        return mode.isEmpty() && uid.isEmpty() && gid.isEmpty() && size.isEmpty() && atime.isEmpty() && mtime.isEmpty();
    }

    /** A time to set: the given one, or the server's clock where there is none. */
    public record TimeChange(Optional<Timestamp> time) {}
}
