package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.MountName;
import dev.ninepin.daemon.host.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The location of a daemon's log: {@code /var/log/ninepin} for root, {@code $XDG_STATE_HOME/ninepin} for other users.
 */
final class LogFile {
    /**
     * Returns the log file of the mount on {@code mountPoint}. Creates its directory if necessary.
     *
     * @param environment looks up an environment variable
     * @param home the home directory, used if {@code HOME} is not set
     * @throws IOException if the directory cannot be created
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
