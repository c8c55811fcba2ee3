package dev.ninepin.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code mount -o remount}: changes what the kernel enforces on a mount that is there. What Ninepin itself does with it
 * stays, as with any file system whose options can't be changed while it is mounted.
 */
public final class Remount {
    private static final String REMOUNT = "remount";
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

    /** What the kernel lists of a FUSE mount, and mount(8) hands on where fstab has no line for it. */
    private static final Set<String> OF_KERNEL =
            Set.of("user_id", "group_id", "max_read", "blksize", "rootmode", "fd", "seclabel");

    /** Flags of which the daemon tells the server, when it mounts. */
    private static final Set<String> OF_SERVER = Set.of("atime", "noatime", "diratime", "nodiratime");

    /** Whether {@code list}, the value of {@code -o}, asks for a remount. */
    public static boolean isAskedFor(final String list) {
        return options(list).contains(REMOUNT);
    }

    /**
     * Has mount(8) do it without a helper, which is us.
     *
     * @param source what is mounted
     * @param directory where the mount is
     * @param fake whether to do everything but this
     * @return the exit code of mount(8), which has said on standard error what is wrong
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
     * The command line. With a source, mount(8) takes nothing from fstab, whose other options the kernel would refuse.
     * What a remount does not name is taken back, which must not open a mount to set-uid programs.
     */
    static List<String> command(final String source, final String directory, final String list) {
        final List<String> given = options(list);
        final List<String> words = new ArrayList<>(List.of(REMOUNT));
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
     * Returns the options of a remount that can't be changed by it.
     *
     * @param list the options of the remount
     * @param current those of the mount
     * @throws NinepinException with {@link ExitCode#USAGE} if one of them makes no sense
     */
    static List<String> unchangeable(final String list, final String current) throws NinepinException {
        final MountOptions now = MountOptions.parse(current).withoutV9fs();
        final List<String> unchangeable = new ArrayList<>();
        for (final String option : options(list)) {
            final String name = OptionList.name(option);
            if (name.equals(REMOUNT) || OF_KERNEL.contains(name)) {
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

    /** Returns a sentence about what a remount asks for and can't change. */
    public static Optional<String> note(final String directory, final String list) throws NinepinException {
        final List<String> unchangeable = unchangeable(list, current(directory));
        return unchangeable.isEmpty()
                ? Optional.empty()
                : Optional.of("a remount does not change " + String.join(", ", unchangeable)
                        + ": unmount and mount again for that");
    }

    /** Returns the options that the mount has; none, if its daemon does not say. */
    private static String current(final String directory) {
        try {
            return Optional.ofNullable(Mounts.ofCurrentUser().status(directory).options())
                    .orElse("");
        } catch (final NinepinException e) {
            return "";
        }
    }

    private static List<String> options(final String list) {
        return OptionList.split(list);
    }

    private Remount() {}
}
