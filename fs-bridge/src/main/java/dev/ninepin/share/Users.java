package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.options.UserAccess;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * The users who may use a share, and each user's view of it ({@link UserAccess}). Any thread may call any method; the
 * lock guards the map of views.
 */
final class Users {
    /**
     * The maximum number of views kept for users other than the session's own. A dropped view is cheap to create again.
     */
    private static final int MOST_VIEWS = 64;

    /**
     * Root never gets an attach beside those of other users. Once root is attached, diod stops checking the permissions
     * of all users of the connection ({@code libnpfs/fcall.c}, np_attach; {@code libnpfs/user.c}, np_setfsid).
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

    /**
     * @param owner the server ID of the session's user
     */
    Users(final UserAccess access, final IdMap idMap, final int owner) {
        this.access = access;
        this.idMap = idMap;
        this.owner = owner;
    }

    /** Creates the view of a user, given by server ID. */
    @FunctionalInterface
    interface ViewMaker {
        Share of(int nUname);
    }

    /**
     * Returns a user's view of the share.
     *
     * @param asking returns the local ID of the calling user; not called if all users share one view
     * @param ownersView the view of the session's user
     * @throws ErrnoException EPERM if {@code access=} names another user, as with the kernel's client
     *     ({@code fs/9p/fid.c}); EACCES if the user has no server ID, or has that of root without being root on this
     *     host
     */
    Share view(final IntSupplier asking, final Share ownersView, final ViewMaker maker) throws ErrnoException {
        if (access.kind() == UserAccess.Kind.ANY) {
            return ownersView;
        }
        final int uid = asking.getAsInt();
        if (access.kind() == UserAccess.Kind.ONE) {
            if (uid != access.uid()) {
                throw new ErrnoException(Errno.EPERM, "only the user of access= may use this share");
            }
            return ownersView;
        }
        final int there = idMap.toServerUser(uid)
                .orElseThrow(() -> new ErrnoException(
                        Errno.EACCES, "idmap= maps no server ID to user " + Integer.toUnsignedString(uid)));
        if (there == ROOT && uid != ROOT) {
            throw new ErrnoException(
                    Errno.EACCES,
                    "idmap= maps user " + Integer.toUnsignedString(uid)
                            + " to root on the server, which is permitted only for root of this host");
        }
        return viewOf(there, ownersView, maker);
    }

    /**
     * Returns the view of a user, given by server ID. Root and the session's user get the session's own view; so does
     * everyone if users have no attach of their own.
     */
    Share viewOf(final int there, final Share ownersView, final ViewMaker maker) {
        if (access.kind() != UserAccess.Kind.EACH || there == owner || there == ROOT) {
            return ownersView;
        }
        synchronized (this) {
            return views.computeIfAbsent(there, maker::of);
        }
    }
}
