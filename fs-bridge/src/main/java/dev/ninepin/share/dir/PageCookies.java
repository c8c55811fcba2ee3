package dev.ninepin.share.dir;

import dev.ninepin.p9.Dirent;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a server's cookies continue from page to page. propolis numbers the entries of each page from 1, and expects
 * the number of entries to skip ({@code p9fs.rs}, handle_readdir). Without a correction, the same page would be
 * returned for ever. The cookies of all other servers stay as they are. Not thread-safe: {@link OpenDirectory}
 * serializes all calls.
 */
final class PageCookies {
    /** Whether the first page was numbered 1, 2, 3, …: a later page that starts at 1 again must then be corrected. */
    private boolean counts;

    /** @param counts whether an earlier first page was numbered 1, 2, 3, … */
    PageCookies(final boolean counts) {
        this.counts = counts;
    }

    /** Returns whether the first page was numbered 1, 2, 3, … */
    boolean counts() {
        return counts;
    }

    /**
     * Returns a page with continuous cookies.
     *
     * @param asked the cookie that the page follows
     */
    List<Dirent> makeContinuous(final long asked, final List<Dirent> page) {
        final boolean fromOne = isNumberedFromOne(page);
        if (asked == 0) {
            counts = fromOne;
            return page;
        }
        if (!counts || !fromOne) {
            return page;
        }
        final List<Dirent> moved = new ArrayList<>(page.size());
        for (final Dirent entry : page) {
            moved.add(new Dirent(entry.qid(), asked + entry.offset(), entry.type(), entry.name()));
        }
        return moved;
    }

    private static boolean isNumberedFromOne(final List<Dirent> page) {
        for (int i = 0; i < page.size(); i++) {
            if (page.get(i).offset() != i + 1) {
                return false;
            }
        }
        return !page.isEmpty();
    }
}
