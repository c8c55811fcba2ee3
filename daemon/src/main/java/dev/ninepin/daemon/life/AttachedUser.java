package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.share.options.UserAccess;
import java.util.OptionalInt;

/** The server ID of the user that a session attaches as. */
final class AttachedUser {
    /** The ID of user nobody, to which NFS servers map root of other machines. */
    private static final int NOBODY = 65534;

    private static final int ROOT = 0;

    private AttachedUser() {}

    /**
     * Returns the server ID to attach with. This is the user of {@code access=UID}, otherwise the mounting user, mapped
     * by {@code idmap=}. Root stays root unless the map says otherwise.
     *
     * <p>If the server checks the permissions of each user, root attaches as nobody. The reason is diod: after root has
     * attached over a connection, it checks nothing on that connection. It assumes that the client does ({@code
     * libnpfs/user.c}, np_setfsid). For the same reason, {@code idmap=} may not map another user to root if {@code
     * access} is user or client.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if the user has no server ID, may not enter the mount, or
     *     would become root
     */
    static int number(final MountOptions options, final User mounting) throws NinepinException {
        final boolean onlyOne = options.access().kind() == UserAccess.Kind.ONE;
        final int here = onlyOne ? options.access().uid() : (int) mounting.uid();
        final String uid = Integer.toUnsignedString(here);
        if (onlyOne && here != (int) mounting.uid() && !options.allowOther()) {
            throw NinepinException.usage("option access=" + uid
                    + " needs allow_other, because otherwise only the mounting user may use the mount:"
                    + " add -o allow_other");
        }
        final OptionalInt there = options.idMap().toServerUser(here);
        if (there.isEmpty() && here != ROOT) {
            throw NinepinException.usage("cannot attach as user " + uid + ", because idmap= maps no server ID to it:"
                    + " add idmap=u:SERVER:" + uid + ":1");
        }
        final int number = there.orElse(ROOT);
        if (options.access().kind() != UserAccess.Kind.EACH || number != ROOT) {
            return number;
        } else if (here != ROOT) {
            throw NinepinException.usage("idmap= maps user " + uid
                    + " to root on the server, but access=user and access=client permit that only for root of this"
                    + " host");
        }
        return options.defaultPermissions() ? ROOT : NOBODY;
    }
}
