package dev.ninepin.share.path;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Walked;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The decision about a request that adds or removes a name, if its connection ends before the answer. The server may
 * have carried the request out, and a second one would fail or change another file. So the names are looked up over the
 * next connection. They show that the request was not carried out and is sent again, or that the request is done.
 * Otherwise the request fails with EIO. {@code docs/decisions/0048-reconnection.md} has the table. Any thread may call
 * any method.
 */
public final class LostChanges {
    /** How many times a request is sent at most. The request may be what ends the connections. */
    private static final int MOST_TRIES = 4;

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final CacheMode cache;

    LostChanges(final SharedState shared, final FidTable fids) {
        this.session = shared.session();
        this.fids = fids;
        this.inodes = shared.inodes();
        this.cache = shared.options().cache();
    }

    /** A lookup of the names after the connection has ended. */
    @FunctionalInterface
    public interface Look<T> {
        /**
         * Returns the result of the request if the server carried it out; empty if the request must be sent again.
         *
         * @param lost the failure of the request
         * @throws UnknownOutcomeException if the names do not show whether the server carried it out
         */
        Optional<T> find(SessionEndedException lost) throws IOException;
    }

    /** Runs a request that adds or removes a name. If its connection ends before the answer, {@code look} decides. */
    public <T> T settle(final FilePaths.Attempt<T> change, final Look<T> look) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return session.repeatIfLost(change::run);
            } catch (final SessionEndedException e) {
                if (e.isRepeatable() || tries == MOST_TRIES) {
                    throw e;
                }
                session.awaitConnectionAfter(e);
                final Optional<T> found = session.repeatIfLost(() -> look.find(e));
                if (found.isPresent()) {
                    return found.get();
                }
            }
        }
    }

    /**
     * Runs a request that creates a file with a new name, and returns the file's qid.
     *
     * @param what the request, for messages
     */
    public Qid create(
            final Inode directory, final ByteString name, final String what, final FilePaths.Attempt<Qid> request)
            throws IOException {
        return settle(request, lost -> {
            final Qid found = find(directory, name).orElse(null);
            if (found != null && !isExclusive()) {
                throw unknown(what, directory, name, lost);
            }
            return Optional.ofNullable(found);
        });
    }

    /** Runs a request that gives a file another name. */
    public void link(final Inode file, final Inode directory, final ByteString name, final FilePaths.Attempt<?> request)
            throws IOException {
        settle(withResult(request), lost -> {
            final Qid found = find(directory, name).orElse(null);
            // If the name led to the file before, the lost answer was EEXIST.
            if (found != null && !(isExclusive() && is(file, found))) {
                throw unknown("link", directory, name, lost);
            }
            return Optional.ofNullable(found).map(qid -> true);
        });
    }

    /** Runs a request that renames a file. */
    void rename(
            final Inode directory,
            final ByteString name,
            final Inode newDirectory,
            final ByteString newName,
            final FilePaths.Attempt<?> request)
            throws IOException {
        final Inode file = inodes.known(directory, name).orElse(null);
        settle(withResult(request), lost -> {
            final boolean isHere = isAt(file, directory, name);
            // If both names lead to the file, a second rename does nothing.
            if (!isHere && !isAt(file, newDirectory, newName)) {
                throw unknown("rename", directory, name, lost);
            }
            return isHere ? Optional.empty() : Optional.of(true);
        });
    }

    /** Runs a request that removes a name. */
    void unlink(final Inode directory, final ByteString name, final FilePaths.Attempt<?> request) throws IOException {
        final Inode file = inodes.known(directory, name).orElse(null);
        final Rgetattr before = file == null ? null : file.attributes();
        settle(withResult(request), lost -> {
            final boolean isOurs = isExclusive() || isHidden(file, directory, name);
            if (isAt(file, directory, name)) {
                // A new file of another client may have the inode number of the removed file.
                if (isOurs || isAtInVersion(before, directory, name)) {
                    return Optional.empty();
                }
            } else if (isOurs && find(directory, name).isEmpty()) {
                return Optional.of(true);
            }
            throw unknown("remove", directory, name, lost);
        });
    }

    /** Returns whether a name leads to a version of a file that was seen before. */
    private boolean isAtInVersion(final @Nullable Rgetattr before, final Inode directory, final ByteString name)
            throws IOException {
        final Walked walked = fids.walk(inodes.path(directory), name);
        try {
            final Rgetattr now = session.getattr(walked.fid(), AttrMask.BASIC).await();
            return before != null && CachedData.isSameVersion(before, now);
        } finally {
            fids.clunk(walked.fid());
        }
    }

    private static FilePaths.Attempt<Boolean> withResult(final FilePaths.Attempt<?> request) {
        return () -> {
            final Object unused = request.run();
            return true;
        };
    }

    /** Returns the failure of a change whose outcome the names do not show. */
    public UnknownOutcomeException unknown(
            final String what, final Inode directory, final ByteString name, final SessionEndedException lost) {
        return UnknownOutcomeException.of(what + " " + inodes.pathOf(directory, name), lost);
    }

    /** Returns the qid of the file that a name leads to; empty if it leads to none. */
    public Optional<Qid> find(final Inode directory, final ByteString name) throws IOException {
        try {
            final Walked walked = fids.walk(inodes.path(directory), name);
            fids.clunk(walked.fid());
            return Optional.of(walked.qid());
        } catch (final RemoteException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private boolean isAt(final @Nullable Inode file, final Inode directory, final ByteString name) throws IOException {
        return file != null
                && find(directory, name).filter(qid -> is(file, qid)).isPresent();
    }

    private static boolean is(final Inode file, final Qid qid) {
        return FileId.of(qid).equals(file.id());
    }

    /** Returns whether no other client changes names in this share. */
    private boolean isExclusive() {
        return cache == CacheMode.LOOSE;
    }

    /** Returns whether a name is the hidden name of a silly-renamed file, which only this mount removes. */
    private static boolean isHidden(final @Nullable Inode file, final Inode directory, final ByteString name) {
        return file != null
                && file.open
                        .aside()
                        .filter(aside -> aside.name().equals(new Inode.Name(directory, name)))
                        .isPresent();
    }
}
