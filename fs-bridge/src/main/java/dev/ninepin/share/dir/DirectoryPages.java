package dev.ninepin.share.dir;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.Dirent;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of a directory's listing, read from the server over an open fid. While one page is in use, the next one is
 * already requested. At most one request is in flight, since a server may keep one position for each fid. After a
 * reconnection, the listing continues at its cookie. Not thread-safe: {@link OpenDirectory} serializes all calls.
 */
final class DirectoryPages {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryPages.class);

    /** How many times a page is requested while its entries keep being removed. */
    private static final int PAGE_TRIES = 20;

    private final Session session;
    private final DirectoryFid fid;
    private final PageCookies cookies;
    private final ListingProgress progress = new ListingProgress();

    /** The request for the page that is probably needed next; null if there is none. */
    private @Nullable Ahead ahead;

    /**
     * A page.
     *
     * @param entries the entries; none at the end of the listing
     * @param asked when the page was requested, as a {@link System#nanoTime}
     */
    record Page(List<Dirent> entries, long asked) {}

    private record Ahead(long cookie, long asked, Call<List<Dirent>> call) {}

    /**
     * @param fid the fid of the directory; {@link #close} closes it
     * @param counts as in {@link PageCookies}
     */
    DirectoryPages(final Session session, final DirectoryFid fid, final boolean counts) {
        this.session = session;
        this.fid = fid;
        this.cookies = new PageCookies(counts);
    }

    /** Returns whether the server numbers the entries of each page from 1. */
    boolean counts() {
        return cookies.counts();
    }

    DirectoryFid fid() {
        return fid;
    }

    /** Starts a listing after {@code cookie}. The pages that follow show the present state of the directory. */
    void startAt(final long cookie) {
        settle();
        progress.startAt(cookie);
    }

    /** Records that the kernel took an entry. */
    void shown() {
        progress.shown();
    }

    /**
     * Returns the page that follows a cookie, and requests the page after it.
     *
     * @throws dev.ninepin.operations.ErrnoException EIO if the listing makes no progress
     */
    Page after(final long cookie) throws IOException {
        final Page read = read(cookie);
        final List<Dirent> entries = cookies.makeContinuous(cookie, read.entries());
        progress.page(cookie, entries);
        if (!entries.isEmpty()) {
            final long end = entries.get(entries.size() - 1).offset();
            ahead = new Ahead(end, System.nanoTime(), request(fid.latest(), end));
        }
        return new Page(entries, read.asked());
    }

    private Page read(final long cookie) throws IOException {
        final Ahead early = ahead;
        if (early != null && early.cookie() == cookie) {
            ahead = null;
            final boolean wasAnswered = early.call().future().isDone();
            try {
                return new Page(early.call().await(), early.asked());
            } catch (final IOException e) {
                // The request may have failed earlier because another thread was interrupted.
                if (!wasAnswered && !(e instanceof RemoteException) && !(e instanceof SessionEndedException)) {
                    throw e;
                }
                LOG.trace("the page after cookie {} is requested again", cookie, e);
            }
        }
        settle();
        for (int tries = 1; ; tries++) {
            final long asked = System.nanoTime();
            try {
                return new Page(fid.use(number -> request(number, cookie).await()), asked);
            } catch (final RemoteException e) {
                // nfs-ganesha looks up each entry that it lists. If one was just removed on its host, it answers ENOENT
                // for the whole page (src/FSAL/FSAL_VFS/handle.c, read_dirents).
                if (e.errno() != Errno.ENOENT || !session.isGanesha() || tries == PAGE_TRIES) {
                    throw e;
                }
            }
        }
    }

    private Call<List<Dirent>> request(final int number, final long cookie) {
        return session.readdir(number, cookie, session.maxIo());
    }

    /** Waits for the page that was requested ahead, and drops it. */
    private void settle() {
        final Ahead early = ahead;
        ahead = null;
        if (early != null) {
            try {
                early.call().await();
            } catch (final IOException e) {
                LOG.trace("no page after cookie {}", early.cookie(), e);
            }
        }
    }

    /** Clunks the fid. Must be called once. */
    void close() {
        settle();
        fid.close();
    }
}
