package dev.ninepin.share.attr;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.AttributeChange.TimeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.options.ShareOptions;
import java.time.Instant;
import java.util.Optional;

/**
 * A predictor of a file's attributes after a change of its mode, owner or times. They follow from the last known
 * attributes and the change. The reply to setattr contains them, which saves chmod(2) a round trip. The kernel must
 * request the attributes before it uses them again.
 *
 * <p>A new size is not predicted, because the kernel truncates its pages to the size in the reply. Set-ID bits and the
 * sticky bit are not predicted either, because a server may clear them. Any thread may call any method.
 *
 * @param options the options of the share
 */
record ChangePrediction(ShareOptions options) {
    private static final int SPECIAL_BITS = 07000;

    /**
     * Returns the attributes after a change that is about to be sent; empty if they cannot be predicted.
     *
     * @throws ErrnoException EOVERFLOW if the new owner has no ID on the server
     */
    Optional<Rgetattr> after(final Inode inode, final AttributeChange change) throws ErrnoException {
        final Rgetattr last = inode.attributes();
        if (options.cache() == CacheMode.NONE
                || last == null
                || change.isEmpty()
                || change.size().isPresent()) {
            return Optional.empty();
        }
        final int mode = FileMode.withPermissions(last.mode(), change.mode().orElse(last.mode()));
        if (((last.mode() | mode) & SPECIAL_BITS) != 0) {
            return Optional.empty();
        }
        final int uid = change.uid().isEmpty() || options.uid().isPresent()
                ? last.uid()
                : options.idMap().toServerOwner(change.uid().getAsInt());
        final int gid = change.gid().isEmpty() || options.gid().isPresent()
                ? last.gid()
                : options.idMap().toServerGroup(change.gid().getAsInt());
        final Instant instant = Instant.now();
        final Timestamp now = new Timestamp(instant.getEpochSecond(), instant.getNano());
        final Timestamp atime = time(change.atime(), now, Timestamp.within(last.atimeSec(), last.atimeNsec()));
        final Timestamp mtime = time(change.mtime(), now, Timestamp.within(last.mtimeSec(), last.mtimeNsec()));
        return Optional.of(new Rgetattr(
                last.valid(),
                last.qid(),
                mode,
                uid,
                gid,
                last.nlink(),
                last.rdev(),
                inode.knownEnd(),
                last.blksize(),
                last.blocks(),
                atime.seconds(),
                atime.nanos(),
                mtime.seconds(),
                mtime.nanos(),
                now.seconds(),
                now.nanos(),
                last.btimeSec(),
                last.btimeNsec(),
                last.gen(),
                last.dataVersion()));
    }

    private static Timestamp time(final Optional<TimeChange> change, final Timestamp now, final Timestamp last) {
        return change.map(wanted -> wanted.time().orElse(now)).orElse(last);
    }
}
