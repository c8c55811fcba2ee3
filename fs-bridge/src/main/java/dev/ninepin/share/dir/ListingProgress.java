package dev.ninepin.share.dir;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.Dirent;
import java.util.List;

/**
 * Detects a directory listing that never ends: a server's cookies may lead back to an earlier place. Cookies need not
 * grow, but if a second page ends with the same cookie, the listing is in a loop. The loop is found with R. P. Brent's
 * cycle detection, which stores one cookie however long the listing is. Not thread-safe: {@link OpenDirectory}
 * serializes all calls.
 */
final class ListingProgress {
    /**
     * The maximum number of consecutive pages without a visible entry; more of them are taken for an endless listing.
     */
    private static final int MOST_BARREN_PAGES = 1000;

    private long landmark;
    private long pages;
    private long nextLandmark;
    private int barren;

    /** Starts a listing after {@code cookie}. */
    void startAt(final long cookie) {
        landmark = cookie;
        pages = 0;
        nextLandmark = 1;
        barren = 0;
    }

    /** Records that the kernel took an entry. */
    void shown() {
        barren = 0;
    }

    /**
     * Records the page that follows the cookie {@code asked}.
     *
     * @throws ErrnoException EIO if the listing makes no progress
     */
    void page(final long asked, final List<Dirent> page) throws ErrnoException {
        if (page.isEmpty()) {
            return;
        }
        for (final Dirent entry : page) {
            if (entry.offset() == 0) {
                throw new ErrnoException(
                        Errno.EIO, "invalid directory listing: the server's cookie after " + entry.name() + " is 0");
            }
        }
        final long end = page.get(page.size() - 1).offset();
        if (end == asked || end == landmark) {
            throw new ErrnoException(
                    Errno.EIO, "endless directory listing: the server returned the cookie " + end + " again");
        }
        barren++;
        if (barren > MOST_BARREN_PAGES) {
            throw new ErrnoException(
                    Errno.EIO, "endless directory listing: " + barren + " pages without a valid entry");
        }
        pages++;
        if (pages == nextLandmark) {
            landmark = end;
            nextLandmark *= 2;
        }
    }
}
