package dev.ninepin.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where a daemon's log is: {@code /var/log/ninepin} for root, else {@code $XDG_STATE_HOME/ninepin}. */
final class LogFile {
    /**
     * The log of the mount on {@code mountPoint}; its directory is made if need be.
     *
     * @param environment looks up environment variables
     * @param home of the user, if {@code HOME} does not say
     * @throws IOException if the directory can't be made
     */
    static Path of(
            final User user,
            final Path mountPoint,
            final Function<String, @Nullable String> environment,
            final Path home)
            throws IOException {
        final Path directory = Files.createDirectories(
                directory(user, environment, home),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
        return directory.resolve(MountName.of(mountPoint) + ".log");
    }

    private static Path directory(
            final User user, final Function<String, @Nullable String> environment, final Path home) {
        return user.isRoot() ? Path.of("/var/log/ninepin") : StateDirectory.ofUser(environment, home);
    }

    private LogFile() {}
}
