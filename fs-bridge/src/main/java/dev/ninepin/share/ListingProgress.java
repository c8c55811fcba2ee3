package dev.ninepin.share;

import dev.ninepin.p9.Dirent;
import java.util.List;

/**
 * Sees to it that the listing of a directory gets on: a server's cookies may lead back to where the listing was before,
 * and it would never end. Cookies need not grow; but one that ends a page a second time does begin the same again. Found
 * as R. P. Brent finds a cycle, with one cookie kept however long the listing is. One thread at a time.
 */
final class ListingProgress {
    /** So many pages in a row with nothing to show are no directory, but one that never ends. */
    private static final int MOST_BARREN_PAGES = 1000;

    private long landmark;
    private long pages;
    private long nextLandmark;
    private int barren;

    /** A listing begins behind {@code cookie}. */
    void startAt(final long cookie) {
        landmark = cookie;
        pages = 0;
        nextLandmark = 1;
        barren = 0;
    }

    /** An entry was taken. */
    void shown() {
        barren = 0;
    }

    /**
     * The server has given the page that follows the cookie {@code asked}.
     *
     * @throws ErrnoException EIO if this gets nowhere
     */
    void page(final long asked, final List<Dirent> page) throws ErrnoException {
        if (page.isEmpty()) {
            return;
        }
        for (final Dirent entry : page) {
            if (entry.offset() == 0) {
                throw new ErrnoException(Errno.EIO, "the server's cookie after " + entry.name() + " is 0, the start");
            }
        }
        final long end = page.get(page.size() - 1).offset();
        if (end == asked || end == landmark) {
            throw new ErrnoException(Errno.EIO, "the server's listing goes round in circles, at the cookie " + end);
        }
        barren++;
        if (barren > MOST_BARREN_PAGES) {
            throw new ErrnoException(Errno.EIO, barren + " pages of the directory, and nothing in them to show");
        }
        pages++;
        if (pages == nextLandmark) {
            landmark = end;
            nextLandmark *= 2;
        }
    }
}
