package dev.ninepin.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The command line of a second Java process of this program: the same Java, with the same options and class path. */
final class JavaCommand {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

    /** The main class of this process and its arguments, as the launcher notes them. */
    private static final String MAIN_CLASS = "sun.java.command";

    /** Runs {@code mainClass} with {@code arguments}. */
    static List<String> of(final Class<?> mainClass, final List<String> arguments) throws IOException {
        final String main = System.getProperty(MAIN_CLASS, "").split(" ", 2)[0];
        return of(Arrays.asList(Files.readString(COMMAND_LINE, UTF_8).split("\0", -1)), main, mainClass, arguments);
    }

    /** Takes what stands before {@code main} in {@code commandLine}. */
    static List<String> of(
            final List<String> commandLine, final String main, final Class<?> mainClass, final List<String> arguments)
            throws IOException {
        final int options = commandLine.indexOf(main);
        if (options < 1) {
            throw new IOException("this process was not started as java [OPTION]... CLASS");
        }
        final List<String> command = new ArrayList<>();
        // Not the first word: it may be a name that PATH leads elsewhere, or "java" in a directory that was left.
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(commandLine.subList(1, options));
        command.add(mainClass.getName());
        command.addAll(arguments);
        return command;
    }

    /** The file that this program was started from, which its removal takes away. */
    static Path ownJar() {
        return Path.of(System.getProperty("java.class.path", "").split(File.pathSeparator, 2)[0]);
    }

    private JavaCommand() {}
}
