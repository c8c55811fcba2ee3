package dev.ninepin.fuse.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The setuid helper fusermount(1), which mounts and unmounts for users other than root. */
final class FuserMount {
    private static final String NAME = "fusermount";

    /**
     * The directories that are searched before PATH, which may be unset under systemd. libfuse also searches its own
     * directory first.
     */
    private static final String FALLBACK_PATH = "/usr/bin:/bin";

    /**
     * Returns the path of the helper.
     *
     * @throws IOException if the helper is not installed
     */
    static Path find() throws IOException {
        final String path = System.getenv().getOrDefault("PATH", FALLBACK_PATH);
        for (final String directory : (FALLBACK_PATH + ":" + path).split(":", -1)) {
            final Path candidate = Path.of(directory, NAME);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        throw new IOException("fusermount is missing, which users other than root need for mounting:"
                + " install the package fuse3 (or fuse)");
    }

    private FuserMount() {}
}
