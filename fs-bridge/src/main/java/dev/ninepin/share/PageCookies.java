package dev.ninepin.share;

import dev.ninepin.p9.Dirent;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the cookies of one directory go on from page to page, where the server counts each page from 1 anew and takes the
 * number of entries to skip, as propolis does (its {@code p9fs.rs}, handle_readdir): the same page would come for ever.
 * Cookies of all other servers stay as they are. One thread at a time.
 */
final class PageCookies {
    /** The first page was numbered 1, 2, 3, ...: then a later one that begins at 1 again can't be meant so. */
    private boolean counts;

    /**
     * The page as its cookies are to be shown.
     *
     * @param asked the cookie that the page follows
     */
    List<Dirent> goOn(final long asked, final List<Dirent> page) {
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
