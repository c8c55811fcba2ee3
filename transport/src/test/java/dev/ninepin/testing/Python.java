package dev.ninepin.testing;

import java.nio.file.Files;
import java.nio.file.Path;

/** The Python interpreter of the tests. */
public final class Python {
    private static final Path OF_THE_DISTRIBUTION = Path.of("/usr/bin/python3");

    /**
     * The command. Not simply the Python in PATH, which may be a version manager's shell script that takes ten times as
     * long to start.
     */
    public static final String COMMAND =
            Files.isExecutable(OF_THE_DISTRIBUTION) ? OF_THE_DISTRIBUTION.toString() : "python3";

    private Python() {}
}
