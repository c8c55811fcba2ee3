package dev.ninepin.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The programs of a system. Any thread.
 *
 * @param root the root of the file system: {@code /}, or a test's directory
 * @param searchPath the directories to search, below {@code root}, in the format of PATH; relative ones are skipped
 */
public record Programs(Path root, String searchPath) {
    /** The directories of programs on every system. PATH may lack some, and may not be set under systemd and autofs. */
    private static final String STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** Returns the programs in the directories of PATH, or in the standard directories if PATH is not set. */
    public static Programs inPath() {
        return new Programs(Path.of("/"), System.getenv().getOrDefault("PATH", STANDARD_PATH));
    }

    /** Returns the programs in the directories of PATH, then those in the standard directories. */
    public static Programs ofThisSystem() {
        return new Programs(Path.of("/"), inPath().searchPath + ":" + STANDARD_PATH);
    }

    /** Returns the path of a program: {@code name} itself if it has a slash, else the first file of that name. */
    public Optional<Path> find(final String name) {
        final Stream<Path> candidates = name.contains("/")
                ? Stream.of(Path.of(name))
                : Stream.of(searchPath.split(":"))
                        .filter(directory -> directory.startsWith("/"))
                        .map(directory -> root.resolve(directory.substring(1)).resolve(name));
        return candidates
                .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
                .findFirst();
    }

    /**
     * Returns the path of a program as {@link #find} does.
     *
     * @throws IOException if there is no such program; the message names its package
     */
    public Path require(final String name, final String packageName) throws IOException {
        return find(name)
                .orElseThrow(() -> new IOException(
                        "cannot find " + name + " in " + searchPath + ": install the package " + packageName));
    }
}
