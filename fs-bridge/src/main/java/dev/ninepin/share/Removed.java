package dev.ninepin.share;

import java.time.Instant;
import java.util.Optional;

/**
 * What is left of a file whose last name was removed here, and which the kernel still knows: a directory that somebody
 * has open or is in, or a file that is open with O_PATH only, of which the kernel tells no file system. No server knows
 * it any more, so nothing can happen to it but what is done here.
 *
 * @param attributes as programs see them
 */
record Removed(Attributes attributes) {
    /** @param last the attributes that it had with its name */
    static Removed at(final Instant now, final Attributes last) {
        return new Removed(
                with(last, last.mode(), last.uid(), last.gid(), 0, last.size(), last.atime(), last.mtime(), time(now)));
    }

    Removed changed(final Instant now, final AttributeChange change) {
        return new Removed(with(
                attributes,
                FileMode.withPermissions(attributes.mode(), change.mode().orElse(attributes.mode())),
                change.uid().orElse(attributes.uid()),
                change.gid().orElse(attributes.gid()),
                attributes.nlink(),
                change.size().orElse(attributes.size()),
                time(now, change.atime(), attributes.atime()),
                time(now, change.mtime(), attributes.mtime()),
                time(now)));
    }

    private static Attributes with(
            final Attributes before,
            final int mode,
            final int uid,
            final int gid,
            final long nlink,
            final long size,
            final Timestamp atime,
            final Timestamp mtime,
            final Timestamp ctime) {
        return new Attributes(
                before.ino(),
                mode,
                uid,
                gid,
                nlink,
                before.rdev(),
                size,
                before.blksize(),
                before.blocks(),
                atime,
                mtime,
                ctime);
    }

    private static Timestamp time(
            final Instant now, final Optional<AttributeChange.TimeChange> change, final Timestamp before) {
        return change.map(wanted -> wanted.time().orElse(time(now))).orElse(before);
    }

    private static Timestamp time(final Instant now) {
        return new Timestamp(now.getEpochSecond(), now.getNano());
    }
}
