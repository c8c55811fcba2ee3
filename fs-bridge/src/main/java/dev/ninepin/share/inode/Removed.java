package dev.ninepin.share.inode;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Timestamp;
import java.time.Instant;
import java.util.Optional;

/**
 * The attributes of a file whose last name was removed on this mount, and that the kernel still knows. Such a file is
 * either a directory that a process has open or as its working directory, or a file that is open only with O_PATH. The
 * kernel does not report O_PATH opens to file systems.
 *
 * <p>The server no longer knows the file, so only changes from this mount can affect it.
 *
 * @param attributes the attributes that programs see
 */
public record Removed(Attributes attributes) {
    /**
     * Returns the attributes of a file at its removal: no links, and ctime set to now.
     *
     * @param last the file's last attributes before the removal
     */
    public static Removed at(final Instant now, final Attributes last) {
        return new Removed(
                with(last, last.mode(), last.uid(), last.gid(), 0, last.size(), last.atime(), last.mtime(), time(now)));
    }

    /** Returns a copy with a change applied, and ctime set to now. */
    public Removed changed(final Instant now, final AttributeChange change) {
        final int mode =
                FileMode.withPermissions(attributes.mode(), change.mode().orElse(attributes.mode()));
        return new Removed(with(
                attributes,
                change.losesSetId() ? FileMode.withoutSetId(mode) : mode,
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
                ctime,
                false);
    }

    private static Timestamp time(
            final Instant now, final Optional<AttributeChange.TimeChange> change, final Timestamp before) {
        return change.map(wanted -> wanted.time().orElse(time(now))).orElse(before);
    }

    private static Timestamp time(final Instant now) {
        return new Timestamp(now.getEpochSecond(), now.getNano());
    }
}
