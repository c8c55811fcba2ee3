package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * Who may use a share, and whose attach his requests go over ({@link UserAccess}). Any thread; the lock guards the views
 * that are kept.
 */
final class Users {
    /** Views kept for users other than the share's own; one is quickly made again. */
    private static final int MOST_VIEWS = 64;

    /**
     * Root is never attached beside others: once he is, diod checks nothing any more of what anybody does over the connection
     * ({@code libnpfs/fcall.c}, np_attach; {@code libnpfs/user.c}, np_setfsid).
     */
    private static final int ROOT = 0;

    private final UserAccess access;
    private final IdMap idMap;
    private final int owner;

    @GuardedBy("this")
    private final Map<Integer, Share> views = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(final Map.Entry<Integer, Share> eldest) {
            return size() > MOST_VIEWS;
        }
    };

    /** @param owner the server's number of the user that the share's session is attached as */
    Users(final UserAccess access, final IdMap idMap, final int owner) {
        this.access = access;
        this.idMap = idMap;
        this.owner = owner;
    }

    /** Makes the view of a user, by the number that the server knows him by. */
    @FunctionalInterface
    interface ViewMaker {
        Share of(int nUname);
    }

    /**
     * The share as a user is to use it.
     *
     * @param ownersView of who the session is attached as
     * @throws ErrnoException if he must not use it at all: EPERM if he is not the one who may, as with the kernel's client
     *     ({@code fs/9p/fid.c}); EACCES if he has no number on the server, or is root there without being it here
     */
    Share view(final IntSupplier asking, final Share ownersView, final ViewMaker maker) throws ErrnoException {
        if (access.kind() == UserAccess.Kind.ANY) {
            return ownersView;
        }
        final int uid = asking.getAsInt();
        if (access.kind() == UserAccess.Kind.ONE) {
            if (uid != access.uid()) {
                throw new ErrnoException(Errno.EPERM, "the share is for the user of access= alone");
            }
            return ownersView;
        }
        final int there = idMap.userThere(uid)
                .orElseThrow(() -> new ErrnoException(
                        Errno.EACCES, "idmap= has no number on the server for " + Integer.toUnsignedString(uid)));
        if (there == ROOT && uid != ROOT) {
            throw new ErrnoException(
                    Errno.EACCES,
                    "idmap= makes " + Integer.toUnsignedString(uid)
                            + " root on the server, which only root here may be");
        }
        return viewOf(there, ownersView, maker);
    }

    /** The share as a user is to use it who is known by his number on the server; as the session's own, if it must be. */
    Share viewOf(final int there, final Share ownersView, final ViewMaker maker) {
        if (access.kind() != UserAccess.Kind.EACH || there == owner || there == ROOT) {
            return ownersView;
        }
        synchronized (this) {
            return views.computeIfAbsent(there, maker::of);
        }
    }
}
