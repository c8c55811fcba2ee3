package dev.ninepin.daemon;

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
 * What a user's mounts keep beyond their end: {@code /var/lib/ninepin} for root, else {@code $XDG_STATE_HOME/ninepin}.
 *
 * @param path may not exist yet
 */
record StateDirectory(Path path) {
    private static final Logger LOG = LoggerFactory.getLogger(StateDirectory.class);
    private static final String REMOVED = "removed";

    /**
     * The directory of {@code user}.
     *
     * @param environment looks up environment variables
     * @param home of the user, if {@code HOME} does not say
     */
    static StateDirectory of(final User user, final Function<String, @Nullable String> environment, final Path home) {
        return new StateDirectory(user.isRoot() ? Path.of("/var/lib/ninepin") : ofUser(environment, home));
    }

    static StateDirectory ofCurrentUser(final User user) {
        return of(user, System::getenv, Path.of(System.getProperty("user.home")));
    }

    /** That of a user who is not root, whose log is there as well. */
    static Path ofUser(final Function<String, @Nullable String> environment, final Path home) {
        final String state = environment.apply("XDG_STATE_HOME");
        if (state != null && state.startsWith("/")) {
            return Path.of(state, "ninepin");
        }
        final String given = environment.apply("HOME");
        final Path base = given != null && given.startsWith("/") ? Path.of(given) : home;
        return base.resolve(".local/state/ninepin");
    }

    /** Where the files of a share are noted that are open and have lost their name. */
    Path removedFiles(final Source source, final MountOptions options) {
        return path.resolve(REMOVED).resolve(MountName.hash(source + "\n" + options.aname()));
    }

    /**
     * Removes the directory if no share has notes here and the program is not installed any more: a mount may be served
     * longer than its program is installed, and no later mount would clean up.
     *
     * @param program a file of the program
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
        // Every process that takes one of these locks has a directory here.
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
