package dev.ninepin.share.path;

import dev.ninepin.session.Session;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.options.ShareOptions;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all users of a share have in common.
 *
 * @param session the session that carries the share's requests
 * @param moves the renames of files under way
 * @param unsynced the changes that no fsync(2) has synced
 * @param unknownRequests the requests that the server does not know
 * @param attributeRequests the number of requests for attributes so far
 */
public record SharedState(
        Session session,
        ShareOptions options,
        Inodes inodes,
        NameLocks nameLocks,
        XattrLocks xattrLocks,
        ModeLocks modeLocks,
        FileMoves moves,
        UnsyncedFiles unsynced,
        NameRequests.Unknown unknownRequests,
        AtomicLong attributeRequests) {
    public SharedState(final Session session, final ShareOptions options) {
        this(
                session,
                options,
                new Inodes(session.fids(), options.maxNodes()),
                new NameLocks(),
                new XattrLocks(),
                new ModeLocks(),
                new FileMoves(),
                new UnsyncedFiles(session),
                new NameRequests.Unknown(),
                new AtomicLong());
    }
}
