package dev.ninepin.daemon;

import dev.ninepin.share.UserAccess;
import java.util.OptionalInt;

/** As whom a session is attached, by the number that the server knows him by. */
final class AttachedUser {
    /** As whom NFS takes other machines' root. */
    private static final int NOBODY = 65534;

    private static final int ROOT = 0;

    private AttachedUser() {}

    /**
     * The only user, if there is to be one, else the one who mounts, each as the map has him; root is root there, too, if it
     * says nothing of him.
     *
     * <p>But where the server is to check what each user does, nobody is attached as root: on a connection over which root
     * has attached, diod checks nothing any more, since it presumes that the client does ({@code libnpfs/user.c},
     * np_setfsid). Root is nobody then; and no other is made root by the map, also where the kernel here checks.
     *
     * @throws NinepinException with {@link ExitCode#USAGE}, if the options leave him none, or nobody gets in
     */
    static int number(final MountOptions options, final User mounting) throws NinepinException {
        final boolean onlyOne = options.access().kind() == UserAccess.Kind.ONE;
        final int here = onlyOne ? options.access().uid() : (int) mounting.uid();
        final String uid = Integer.toUnsignedString(here);
        if (onlyOne && here != (int) mounting.uid() && !options.allowOther()) {
            throw NinepinException.usage("option access=" + uid
                    + " is for a user whom the kernel keeps out: let him in with" + " -o allow_other");
        }
        final OptionalInt there = options.idMap().userThere(here);
        if (there.isEmpty() && here != ROOT) {
            throw NinepinException.usage("idmap= has no number on the server for user " + uid
                    + ", as whom to attach: add idmap=u:SERVER:" + uid + ":1");
        }
        final int number = there.orElse(ROOT);
        if (options.access().kind() != UserAccess.Kind.EACH || number != ROOT) {
            return number;
        } else if (here != ROOT) {
            throw NinepinException.usage("idmap= makes user " + uid
                    + " root on the server, which with access=user or client only root here may be");
        }
        return options.defaultPermissions() ? ROOT : NOBODY;
    }
}
