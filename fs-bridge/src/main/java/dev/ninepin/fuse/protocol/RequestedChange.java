package dev.ninepin.fuse.protocol;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.AttributeChange.TimeChange;
import dev.ninepin.operations.Timestamp;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.Timespec;

/** A decoder of SETATTR's arguments: a {@code struct stat} and the FUSE_SET_ATTR bits of fuse_lowlevel.h. */
public final class RequestedChange {
    static final int MODE = 1;
    static final int UID = 1 << 1;
    static final int GID = 1 << 2;
    static final int SIZE = 1 << 3;
    static final int ATIME = 1 << 4;
    static final int MTIME = 1 << 5;
    static final int ATIME_NOW = 1 << 7;
    static final int MTIME_NOW = 1 << 8;

    private static final int PERMISSIONS = 07777;

    /**
     * Returns the attribute change that a SETATTR requests.
     *
     * @param stat the new values
     * @param which a FUSE_SET_ATTR bit for each member of {@code stat} to use
     * @param losesSetId whether the change also clears the file's set-ID bits
     */
    public static AttributeChange of(final FileStat stat, final int which, final boolean losesSetId) {
        return new AttributeChange(
                (which & MODE) == 0 ? OptionalInt.empty() : OptionalInt.of(stat.st_mode.intValue() & PERMISSIONS),
                (which & UID) == 0 ? OptionalInt.empty() : OptionalInt.of(stat.st_uid.intValue()),
                (which & GID) == 0 ? OptionalInt.empty() : OptionalInt.of(stat.st_gid.intValue()),
                (which & SIZE) == 0 ? OptionalLong.empty() : OptionalLong.of(stat.st_size.longValue()),
                time(stat.st_atim, which, ATIME, ATIME_NOW),
                time(stat.st_mtim, which, MTIME, MTIME_NOW),
                losesSetId);
    }

    private static Optional<TimeChange> time(final Timespec time, final int which, final int given, final int now) {
        if ((which & now) != 0) {
            return Optional.of(new TimeChange(Optional.empty()));
        }
        if ((which & given) != 0) {
            return Optional.of(
                    new TimeChange(Optional.of(new Timestamp(time.tv_sec.longValue(), time.tv_nsec.longValue()))));
        }
        return Optional.empty();
    }

    private RequestedChange() {}
}
