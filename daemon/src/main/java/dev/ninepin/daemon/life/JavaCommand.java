package dev.ninepin.daemon.life;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The command line for another Java process of this program, with the same Java, options and class path. */
final class JavaCommand {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

    /** The system property with the main class of this process and its arguments. */
    private static final String MAIN_CLASS = "sun.java.command";

    /** Returns the command line that runs {@code mainClass} with {@code arguments}. */
    static List<String> of(final Class<?> mainClass, final List<String> arguments) throws IOException {
        final String main = System.getProperty(MAIN_CLASS, "").split(" ", 2)[0];
        return of(Arrays.asList(Files.readString(COMMAND_LINE, UTF_8).split("\0", -1)), main, mainClass, arguments);
    }

    /**
     * Returns the command line that runs {@code mainClass}, with the Java options that precede {@code main} in {@code
     * commandLine}.
     */
    static List<String> of(
            final List<String> commandLine, final String main, final Class<?> mainClass, final List<String> arguments)
            throws IOException {
        final int options = commandLine.indexOf(main);
        if (options < 1) {
            throw new IOException("this process was not started as java [OPTION]... CLASS");
        }
        final List<String> command = new ArrayList<>();
        // The first word is not usable: PATH may resolve it to another Java, or it may be relative to an earlier
        // directory.
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(commandLine.subList(1, options));
        command.add(mainClass.getName());
        command.addAll(arguments);
        return command;
    }

    /** Returns the jar file of this program. Uninstalling the program removes it. */
    static Path ownJar() {
        return Path.of(System.getProperty("java.class.path", "").split(File.pathSeparator, 2)[0]);
    }

    private JavaCommand() {}
}
