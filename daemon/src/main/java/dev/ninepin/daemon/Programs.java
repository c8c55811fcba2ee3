package dev.ninepin.daemon;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Programs of this system, by name. */
final class Programs {
    /** Where to look if PATH is not set, as under systemd and autofs it may be. */
    private static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** Whether {@code program}, a path or a name to look up in PATH, is there and may be run. */
    static boolean find(final String program) {
        if (program.contains("/")) {
            return isProgram(Path.of(program));
        }
        return Arrays.stream(searchPath().split(":"))
                .anyMatch(directory -> isProgram(Path.of(directory).resolve(program)));
    }

    /** The directories that programs are looked up in, with colons between them. */
    static String searchPath() {
        return Optional.ofNullable(System.getenv("PATH")).orElse(DEFAULT_PATH);
    }

    private static boolean isProgram(final Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }

    private Programs() {}
}
