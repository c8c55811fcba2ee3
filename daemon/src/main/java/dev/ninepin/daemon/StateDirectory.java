package dev.ninepin.daemon;

import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a user's mounts keep beyond their end: {@code /var/lib/ninepin} for root, else {@code $XDG_STATE_HOME/ninepin}.
 *
 * @param path may not exist yet
 */
record StateDirectory(Path path) {
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
        return path.resolve("removed").resolve(MountName.hash(source + "\n" + options.aname()));
    }
}
