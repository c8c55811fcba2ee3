package dev.ninepin.daemon.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Looks up programs of this system. */
public final class Programs {
    /** The search path if PATH is not set, which can happen under systemd and autofs. */
    private static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** Returns whether {@code program} is an executable file. It is a path, or a name to look up in PATH. */
    public static boolean find(final String program) {
        if (program.contains("/")) {
            return isProgram(Path.of(program));
        }
        return Arrays.stream(searchPath().split(":"))
                .anyMatch(directory -> isProgram(Path.of(directory).resolve(program)));
    }

    /** Returns the directories in which programs are looked up, separated by colons. */
    public static String searchPath() {
        return Optional.ofNullable(System.getenv("PATH")).orElse(DEFAULT_PATH);
    }

    private static boolean isProgram(final Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }

    private Programs() {}
}
