package dev.ninepin.daemon.control;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.OptionList;
import dev.ninepin.daemon.options.SourceParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The {@code mount -o remount} command. It changes the flags that the kernel enforces on an existing mount. Ninepin's
 * own options stay as they are, because a running daemon cannot change them.
 */
public final class Remount {
    private static final Set<String> FLAGS = Set.of(
            "ro",
            "rw",
            "suid",
            "nosuid",
            "dev",
            "nodev",
            "exec",
            "noexec",
            "sync",
            "async",
            "dirsync",
            "atime",
            "noatime",
            "diratime",
            "nodiratime",
            "relatime",
            "norelatime",
            "strictatime",
            "symfollow",
            "nosymfollow");

    /** Options that the kernel lists for a FUSE mount. mount(8) passes them on if fstab has no line for the mount. */
    private static final Set<String> OF_KERNEL =
            Set.of("user_id", "group_id", "max_read", "blksize", "rootmode", "fd", "seclabel");

    /** Flags that the daemon passes to the server when it mounts. */
    private static final Set<String> OF_SERVER = Set.of("atime", "noatime", "diratime", "nodiratime");

    /**
     * Runs mount(8) for the remount, with {@code -i} so that mount(8) does not call mount.ninepin again.
     *
     * @param source the source of the mount
     * @param directory the directory of the mount
     * @param fake whether to skip the call of mount(8)
     * @return the exit code of mount(8), which has reported any error on standard error
     * @throws NinepinException with {@link ExitCode#SYSTEM} if mount(8) cannot be started
     */
    public static int run(final String source, final String directory, final String list, final boolean fake)
            throws NinepinException {
        final List<String> command =
                command(source, SourceParser.path(directory).toString(), list);
        if (fake) {
            return ExitCode.OK.code();
        }
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "mount(8) could not be started: " + e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NinepinException(ExitCode.INTERRUPTED, "interrupted while remounting " + directory, e);
        }
    }

    /**
     * Returns the command line of the remount. Because it names a source, mount(8) adds no options from fstab, some of
     * which the kernel would reject. A remount clears every flag that it does not name. The command therefore adds
     * {@code nosuid} and {@code nodev} unless the opposite is asked for.
     */
    static List<String> command(final String source, final String directory, final String list) {
        final List<String> given = OptionList.split(list);
        final List<String> words = new ArrayList<>(List.of(MountOptions.REMOUNT));
        given.stream().filter(FLAGS::contains).forEach(words::add);
        if (!given.contains("suid")) {
            words.add("nosuid");
        }
        if (!given.contains("dev")) {
            words.add("nodev");
        }
        return List.of("mount", "-i", "-o", String.join(",", words), "--", source, directory);
    }

    /**
     * Returns the options that a remount asks for but cannot change.
     *
     * @param list the options of the remount
     * @param current the options of the mount
     * @throws NinepinException with {@link ExitCode#USAGE} if an option is unknown or has an invalid value
     */
    static List<String> unchangeable(final String list, final String current) throws NinepinException {
        final MountOptions now = MountOptions.parse(current).withoutV9fs();
        final List<String> unchangeable = new ArrayList<>();
        for (final String option : OptionList.split(list)) {
            final String name = OptionList.name(option);
            if (name.equals(MountOptions.REMOUNT) || OF_KERNEL.contains(name)) {
                continue;
            }
            final boolean changes =
                    !MountOptions.parse(current + "," + option).withoutV9fs().equals(now);
            if (changes && OF_SERVER.contains(name)) {
                unchangeable.add(option + " (on the server)");
            } else if (changes && !FLAGS.contains(name)) {
                unchangeable.add(option);
            }
        }
        return unchangeable;
    }

    /** Returns a sentence about the options that the remount cannot change; empty if it can change all. */
    public static Optional<String> note(final String directory, final String list) throws NinepinException {
        final List<String> unchangeable = unchangeable(list, current(directory));
        return unchangeable.isEmpty()
                ? Optional.empty()
                : Optional.of("a remount does not change " + String.join(", ", unchangeable)
                        + ": unmount and mount again for that");
    }

    /** Returns the options of the mount; empty if its daemon does not report them. */
    private static String current(final String directory) {
        try {
            return Optional.ofNullable(Mounts.ofCurrentUser().status(directory).options())
                    .orElse("");
        } catch (final NinepinException e) {
            return "";
        }
    }

    private Remount() {}
}
