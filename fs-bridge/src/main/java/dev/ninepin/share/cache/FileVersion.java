package dev.ninepin.share.cache;

import dev.ninepin.p9.Rgetattr;
import java.util.concurrent.TimeUnit;

/**
 * A version of a file's data or of a directory's names, identified by size (bytes) and times (seconds, nanoseconds). Two
 * changes within one tick of the server's clock look the same. So a version identifies the contents only once its tick
 * is over: from then on, a change makes another version.
 */
public record FileVersion(long size, long mtime, long mtimeNanos, long ctime, long ctimeNanos) {
    /** The longest tick of a file system's clock that counts fractions of a second, in nanoseconds. */
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(20);

    /** The longest tick of a file system's clock that counts whole seconds, in seconds: FAT's tick is two. */
    private static final long LONGEST_TICK_SECONDS = 2;

    public static FileVersion of(final Rgetattr attributes) {
        return new FileVersion(
                attributes.size(),
                attributes.mtimeSec(),
                attributes.mtimeNsec(),
                attributes.ctimeSec(),
                attributes.ctimeNsec());
    }

    /**
     * Returns whether the version's tick is over: the version was first seen more than a tick before, or it is much older
     * than this host's clock. If that clock is ahead of the server's, only a change within the same tick would go
     * unnoticed.
     *
     * @param seenSince when the version was first seen, as a {@link System#nanoTime}
     * @param asked when the server was asked for the version that it has now, as a {@link System#nanoTime}
     * @param clock the seconds since 1970 at that time by this host's clock, which may differ from the server's
     */
    public boolean isSettled(final long seenSince, final long asked, final long clock) {
        final long old = clock - LONGEST_TICK_SECONDS;
        return isTickOver(seenSince, asked) || (mtime < old && ctime < old);
    }

    /**
     * Returns whether the version was first seen more than a tick before. No difference between the clocks of the hosts
     * matters.
     *
     * @param seenSince when the version was first seen, as a {@link System#nanoTime}
     * @param asked when the server was asked for the version that it has now, as a {@link System#nanoTime}
     */
    public boolean isTickOver(final long seenSince, final long asked) {
        final long tick = mtimeNanos == 0 && ctimeNanos == 0 ? TimeUnit.SECONDS.toNanos(LONGEST_TICK_SECONDS) : TICK;
        return asked - seenSince >= tick;
    }
}
