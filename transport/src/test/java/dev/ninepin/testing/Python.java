package dev.ninepin.testing;

import java.nio.file.Files;
import java.nio.file.Path;

/** The Python that tests run programs with. */
public final class Python {
    private static final Path OF_THE_DISTRIBUTION = Path.of("/usr/bin/python3");

    /** Not simply that of PATH: it may be the shell script of a version manager, which takes ten times as long to start. */
    public static final String COMMAND =
            Files.isExecutable(OF_THE_DISTRIBUTION) ? OF_THE_DISTRIBUTION.toString() : "python3";

    private Python() {}
}
