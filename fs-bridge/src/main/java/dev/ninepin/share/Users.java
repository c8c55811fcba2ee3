package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.options.UserAccess;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;

/**
 * The users who may use a share, and each user's view of it ({@link UserAccess}). Any thread may call any method; the
 * lock guards the map of views.
 */
final class Users {
    /** The maximum number of views kept. A dropped view is cheap to create again. */
    private static final int MOST_VIEWS = 64;

    /**
     * Root never gets an attach beside those of other users. Once root is attached, diod stops checking the permissions
     * of all users of the connection ({@code libnpfs/fcall.c}, np_attach; {@code libnpfs/user.c}, np_setfsid).
     */
    private static final int ROOT = 0;

    private final UserAccess access;
    private final IdMap idMap;
    private final int owner;
    private final IntFunction<Share> maker;

    /** The views by server ID, the least recently used first. */
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
     * @param maker creates the view of a user, given by server ID
     */
    Users(final ShareOptions options, final int owner, final IntFunction<Share> maker) {
        this.access = options.access();
        this.idMap = options.idMap();
        this.owner = owner;
        this.maker = maker;
    }

    /**
     * Returns the user whose view a calling user has, as a server ID.
     *
     * @param asking returns the local ID of the calling user; not called if all users share one view
     * @throws ErrnoException EPERM if {@code access=} names another user, as with the kernel's client
     *     ({@code fs/9p/fid.c}); EACCES if the user has no server ID, or has that of root without being root on this
     *     host
     */
    int userFor(final IntSupplier asking) throws ErrnoException {
        if (access.kind() == UserAccess.Kind.ANY) {
            return owner;
        }
        final int uid = asking.getAsInt();
        if (access.kind() == UserAccess.Kind.ONE) {
            if (uid != access.uid()) {
                throw new ErrnoException(Errno.EPERM, "only the user of access= may use this share");
            }
            return owner;
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
        return withView(there);
    }

    /** Returns the view of a user, given by server ID. */
    synchronized Share viewOf(final int user) {
        return views.computeIfAbsent(withView(user), maker::apply);
    }

    /**
     * Returns the user whose view a user has: the session's user for root, and for everyone if users have no attach of
     * their own.
     */
    private int withView(final int user) {
        return access.kind() != UserAccess.Kind.EACH || user == ROOT ? owner : user;
    }
}
