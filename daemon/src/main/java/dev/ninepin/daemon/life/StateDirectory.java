package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.MountName;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.Source;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of a user's data that outlives a mount: {@code /var/lib/ninepin} for root, {@code
 * $XDG_STATE_HOME/ninepin} for other users.
 *
 * @param path the directory, which may not exist yet
 */
record StateDirectory(Path path) {
    private static final Logger LOG = LoggerFactory.getLogger(StateDirectory.class);
    private static final String REMOVED = "removed";

    /**
     * Returns the directory of {@code user}.
     *
     * @param environment looks up an environment variable
     * @param home the home directory, used if {@code HOME} is not set
     */
    static StateDirectory of(final User user, final Function<String, @Nullable String> environment, final Path home) {
        return new StateDirectory(user.isRoot() ? Path.of("/var/lib/ninepin") : ofUser(environment, home));
    }

    static StateDirectory ofCurrentUser(final User user) {
        return of(user, System::getenv, Path.of(System.getProperty("user.home")));
    }

    /** Returns the directory of a user other than root, which also holds the user's log files. */
    static Path ofUser(final Function<String, @Nullable String> environment, final Path home) {
        final String state = environment.apply("XDG_STATE_HOME");
        if (state != null && state.startsWith("/")) {
            return Path.of(state, "ninepin");
        }
        final String given = environment.apply("HOME");
        final Path base = given != null && given.startsWith("/") ? Path.of(given) : home;
        return base.resolve(".local/state/ninepin");
    }

    /**
     * Returns the path of the record of open files that were removed from a share. It depends on the source and the
     * aname.
     */
    Path removedFiles(final Source source, final MountOptions options) {
        return path.resolve(REMOVED).resolve(MountName.hash(source + "\n" + options.aname()));
    }

    /**
     * Removes the directory if it holds no records and the program is no longer installed. A mount may outlive the
     * installed program, and no later mount would clean up.
     *
     * @param program a file of the program
     * @throws IOException if a file cannot be removed
     */
    void removeIfUninstalled(final Path program) throws IOException {
        final Path removed = path.resolve(REMOVED);
        if (Files.exists(program) || !Files.isDirectory(removed)) {
            return;
        }
        final List<Path> locks = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(removed)) {
            all.forEach(locks::add);
        }
        if (locks.stream().anyMatch(Files::isDirectory)) {
            return;
        }
        // A process that holds one of these locks also has a directory here, so no lock is held now.
        for (final Path lock : locks) {
            Files.deleteIfExists(lock);
        }
        try {
            Files.deleteIfExists(removed);
            Files.deleteIfExists(path);
        } catch (final DirectoryNotEmptyException e) {
            LOG.debug("{} is not empty", path, e);
        }
    }
}
