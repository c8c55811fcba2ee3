package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.util.List;

/**
 * An open directory. The server's cookies go through to the kernel as they are, so that an entry is neither lost nor
 * doubled while the directory changes; what a reply brought beyond the kernel's buffer is kept for the next call.
 */
final class OpenDirectory {
    private static final ByteString PARENT = ByteString.of("..");

    private final Session session;
    private final Inodes inodes;
    private final PutAside putAside;
    private final Inode inode;
    private final int fid;

    @GuardedBy("this")
    private final PageCookies cookies = new PageCookies();

    /** The entries that follow {@link #position}, from {@link #next} on. */
    @GuardedBy("this")
    private List<Dirent> page = List.of();

    @GuardedBy("this")
    private int next;

    /** The cookie of the last entry that was taken. */
    @GuardedBy("this")
    private long position;

    OpenDirectory(
            final Session session, final Inodes inodes, final PutAside putAside, final Inode inode, final int fid) {
        this.session = session;
        this.inodes = inodes;
        this.putAside = putAside;
        this.inode = inode;
        this.fid = fid;
    }

    int fid() {
        return fid;
    }

    /** Offers the entries that follow the cookie {@code offset}, until {@code sink} has no room. */
    synchronized void read(final long offset, final DirectorySink sink) throws IOException {
        if (offset != position || offset == 0) {
            position = offset;
            page = List.of();
            next = 0;
        }
        while (true) {
            while (next < page.size()) {
                final Dirent entry = page.get(next);
                if (isToBeShown(entry) && !sink.offer(asShown(entry))) {
                    return;
                }
                position = entry.offset();
                next++;
            }
            page = cookies.goOn(
                    position, session.readdir(fid, position, session.maxIo()).await());
            next = 0;
            if (page.isEmpty()) {
                return;
            }
        }
    }

    /** A name that no path can hold is a server's lie; the kernel would end the listing with EIO. */
    private boolean isToBeShown(final Dirent entry) {
        final ByteString name = entry.name();
        return name.length() > 0 && !name.contains('/') && !name.contains('\0') && !putAside.isHidden(name);
    }

    /** At the root, {@code ..} is the root: what is above it on the server is no concern of ours. */
    private Dirent asShown(final Dirent entry) {
        return inode == inodes.root() && entry.name().equals(PARENT)
                ? new Dirent(session.fids().root().qid(), entry.offset(), entry.type(), entry.name())
                : entry;
    }
}
