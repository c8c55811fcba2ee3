package dev.ninepin.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
            "strictatime");

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

    private static List<String> options(final String list) {
        return Arrays.asList(list.split(",", -1));
    }

    private Remount() {}
}
