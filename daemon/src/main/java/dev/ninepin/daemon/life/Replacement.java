package dev.ninepin.daemon.life;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.daemon.host.Reason;
import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import dev.ninepin.os.NativeString;
import dev.ninepin.os.OtherProgram;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The installed program, which replaces this program while the mount stays. Its launcher is executed in this process,
 * with the same arguments and one more. Used by one thread.
 */
final class Replacement {
    /** The argument that makes the program print the version of the states that it reads. */
    static final String STATE_VERSION = "--state-version";

    /** The prefix of the last argument of a program that takes over a mount. The descriptor of the state follows. */
    static final String TAKE_OVER = "--take-over=";

    /** The system property in which the launcher passes the directory where the command was started. */
    private static final String DIRECTORY = "ninepin.directory";

    /** How long the check may take. A start takes half a second, or some seconds under emulation. */
    private static final long CHECK_SECONDS = 60;

    /** The most bytes of the program's answer that are used. */
    private static final int MOST_WORDS = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(Replacement.class);

    private final Path launcher;

    /** The value of PATH for the program. */
    private final String path;

    private Replacement(final Path launcher, final String path) {
        this.launcher = launcher;
        this.path = path;
    }

    /** Returns the program that is installed where this program was started. The mount must be served. */
    static Replacement installed(final Path mountPoint) {
        return new Replacement(ownJar().resolveSibling("ninepin"), pathWithout(mountPoint));
    }

    /** Returns the jar file of this program. Uninstalling the program removes it. */
    static Path ownJar() {
        return Path.of(System.getProperty("java.class.path", "").split(File.pathSeparator, 2)[0]);
    }

    /**
     * Starts the program, and checks that it can take over a mount.
     *
     * @throws IOException if the program cannot take over; the message says why
     */
    void check() throws IOException {
        final Process process;
        try {
            final ProcessBuilder builder =
                    new ProcessBuilder(launcher.toString(), STATE_VERSION).redirectErrorStream(true);
            builder.environment().put("PATH", path);
            process = builder.start();
        } catch (final IOException e) {
            throw new IOException("the installed program cannot be started: " + Reason.of(e), e);
        }
        try {
            process.getOutputStream().close();
            if (!process.waitFor(CHECK_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the installed program does not answer within " + CHECK_SECONDS + " s");
            }
            final String words = new String(process.getInputStream().readNBytes(MOST_WORDS), UTF_8).strip();
            if (process.exitValue() != 0) {
                throw new IOException("the installed program cannot take over a mount: " + words);
            } else if (!words.equals(Integer.toString(MountState.VERSION))) {
                throw new IOException("the installed program reads states of version " + words
                        + ", but this one writes version " + MountState.VERSION);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the installed program was checked", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * Writes a state to an anonymous file in memory (memfd_create(2)).
     *
     * @return the descriptor; the caller closes it, unless it is passed on
     */
    static Descriptor write(final MountState state) throws IOException {
        final Descriptor memory = Descriptor.of(LibC.get().memfd_create("ninepin-state", 1), "the memory of the state");
        try {
            MountState.format().write(pathOf(memory.number()), state);
            return memory;
        } catch (final IOException | RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    /** Returns a path that leads to an open descriptor. */
    static Path pathOf(final int descriptor) {
        return Path.of("/proc/self/fd", Integer.toString(descriptor));
    }

    /**
     * Executes the program in this process.
     *
     * @param memory the descriptor of the state
     * @throws IOException if the program cannot be executed; this program then goes on
     */
    void execute(final Descriptor memory, final MountState state) throws IOException {
        final Set<Integer> kept =
                new HashSet<>(Set.of(memory.number(), state.fuse().device()));
        if (state.share().asides().lock() >= 0) {
            kept.add(state.share().asides().lock());
        }
        LOG.info("The installed program takes over");
        new OtherProgram(launcher, arguments(memory.number()), environment()).execute(kept);
    }

    /** Returns the arguments of this program, followed by the argument that names the state. */
    private List<byte[]> arguments(final int memory) throws IOException {
        final List<byte[]> arguments = new ArrayList<>(List.of(NativeString.bytes(launcher)));
        boolean isOurs = false;
        for (final String word : words("cmdline")) {
            if (isOurs && !word.startsWith(TAKE_OVER)) {
                arguments.add(word.getBytes(ISO_8859_1));
            }
            isOurs |= word.equals("dev.ninepin.cli.Main");
        }
        arguments.add((TAKE_OVER + memory).getBytes(UTF_8));
        return arguments;
    }

    /**
     * Returns the environment for the program. Without PWD, because a shell would access this directory, which may be
     * on the mount while no program serves it.
     */
    private List<byte[]> environment() throws IOException {
        final List<byte[]> environment = new ArrayList<>();
        for (final String word : words("environ")) {
            if (!word.matches("(?s)(PWD|OLDPWD|PATH|NINEPIN_DIRECTORY)=.*")) {
                environment.add(word.getBytes(ISO_8859_1));
            }
        }
        environment.add(("PATH=" + path).getBytes(UTF_8));
        final String directory = System.getProperty(DIRECTORY);
        if (directory != null) {
            environment.add(("NINEPIN_DIRECTORY=" + directory).getBytes(UTF_8));
        }
        return environment;
    }

    /**
     * Returns PATH without the directories on a mount. The launcher searches PATH while no program serves the mount.
     */
    private static String pathWithout(final Path mountPoint) {
        final String all = System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        return Stream.of(all.split(":", -1))
                .filter(each -> !isOn(mountPoint, each))
                .collect(Collectors.joining(":"));
    }

    /**
     * Checks that the program needs no file of the mount before it serves the mount.
     *
     * @param log the log file; null if there is none
     * @throws IOException if the program needs such a file; the message names the file
     */
    void requireOutside(final Path mountPoint, final @Nullable Path log) throws IOException {
        final List<String> needed = new ArrayList<>(List.of(launcher.toString()));
        if (log != null) {
            needed.add(log.toString());
        }
        for (final String name : List.of("JAVA_HOME", "LD_LIBRARY_PATH", "LD_PRELOAD")) {
            final String value = System.getenv(name);
            if (value != null) {
                needed.addAll(List.of(value.split(":", -1)));
            }
        }
        for (final String each : needed) {
            if (!each.isEmpty() && isOn(mountPoint, each)) {
                throw new IOException(each + " is on the mount, which nobody serves during the restart");
            }
        }
    }

    private static boolean isOn(final Path mountPoint, final String directory) {
        try {
            return Path.of(directory).toRealPath().startsWith(mountPoint);
        } catch (final IOException | InvalidPathException e) {
            return directory.startsWith(mountPoint.toString());
        }
    }

    /** Returns the NUL-terminated words of a file in /proc, with one character for each byte. */
    private static List<String> words(final String file) throws IOException {
        final String text = Files.readString(Path.of("/proc/self", file), ISO_8859_1);
        return text.isEmpty()
                ? List.of()
                : List.of(text.substring(0, text.length() - 1).split("\0", -1));
    }
}
