package dev.ninepin.daemon.doctor;

import dev.ninepin.os.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The files that describe the host system, and the commands that install missing packages on it.
 *
 * @param root the root of the file system: {@code /}, or a test directory
 * @param searchPath the directories of programs, relative to {@code root}, in the format of {@code PATH}
 */
record HostFiles(Path root, String searchPath) {
    static HostFiles ofThisSystem() {
        return new HostFiles(Path.of("/"), Programs.ofThisSystem().searchPath());
    }

    /** Returns the file with the absolute path {@code path}. */
    Path at(final String path) {
        return root.resolve(path.substring(1));
    }

    /** Returns the lines of a file; an empty list if this user cannot read it. */
    List<String> lines(final String path) {
        try {
            return Files.readAllLines(at(path));
        } catch (final IOException e) {
            return List.of();
        }
    }

    /** Returns the path of the program {@code name}, if it is installed. */
    Optional<Path> program(final String name) {
        return new Programs(root, searchPath).find(name);
    }

    /**
     * Returns the command that installs a package.
     *
     * @param debian the name of the package on Debian and its derivatives
     * @param redHat the name of the package on Red Hat's distributions
     */
    String install(final String debian, final String redHat) {
        final List<String> release = lines("/etc/os-release");
        if (isKin(release, "debian")) {
            return "apt-get install " + debian;
        }
        if (isKin(release, "rhel") || isKin(release, "fedora")) {
            return "dnf install " + redHat;
        }
        return "install " + debian + " (Debian's name), or " + redHat + " (Red Hat's)";
    }

    private static boolean isKin(final List<String> release, final String name) {
        return release.stream()
                .filter(line -> line.startsWith("ID=") || line.startsWith("ID_LIKE="))
                .map(line -> line.substring(line.indexOf('=') + 1).replace("\"", ""))
                .anyMatch(names -> Arrays.asList(names.split(" ")).contains(name));
    }
}
