package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Programs;
import dev.ninepin.daemon.host.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A check before mounting of whether this system lets the user mount with FUSE. */
final class FuseSetup {
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final Path CONFIGURATION = Path.of("/etc/fuse.conf");

    /**
     * Checks for problems that libfuse would report unclearly or not at all.
     *
     * @throws NinepinException with {@link ExitCode#SYSTEM}, saying what to do
     */
    static void check(final User user, final boolean allowOther) throws NinepinException {
        if (!Files.exists(DEVICE)) {
            throw failed(DEVICE + " does not exist: load the kernel module fuse (modprobe fuse), or, in a container,"
                    + " pass the device to it");
        }
        if (user.isRoot()) {
            return;
        }
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            throw failed("this user lacks read and write permission on " + DEVICE
                    + ": root can permit it to all users (chmod 666 " + DEVICE + "), or mount as root");
        }
        if (!Programs.find("fusermount") && !Programs.find("fusermount3")) {
            throw failed("fusermount is missing, which users other than root need for mounting:"
                    + " install the package fuse3 (or fuse)");
        }
        if (allowOther && !userAllowOther()) {
            throw failed("option allow_other requires root on this host: to permit it to all users, root can add the"
                    + " line user_allow_other to " + CONFIGURATION);
        }
    }

    private static boolean userAllowOther() {
        try (var lines = Files.lines(CONFIGURATION)) {
            return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
        } catch (final IOException e) {
            // Like fusermount: a file that is missing or unreadable allows nothing.
            return false;
        }
    }

    private static NinepinException failed(final String message) {
        return new NinepinException(ExitCode.SYSTEM, message, null);
    }

    private FuseSetup() {}
}
