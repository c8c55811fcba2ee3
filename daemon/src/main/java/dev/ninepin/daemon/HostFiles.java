package dev.ninepin.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The files that say what a system is like, and which packages mend it.
 *
 * @param root of the file system: {@code /}, or a test's
 * @param searchPath where programs are, below {@code root}: as {@code PATH}
 */
record HostFiles(Path root, String searchPath) {
    static HostFiles ofThisSystem() {
        return new HostFiles(Path.of("/"), Programs.searchPath());
    }

    /** A file by its absolute path. */
    Path at(final String path) {
        return root.resolve(path.substring(1));
    }

    /** Its lines; none if it is not there, or not for this user. */
    List<String> lines(final String path) {
        try {
            return Files.readAllLines(at(path));
        } catch (final IOException e) {
            return List.of();
        }
    }

    /** A program by its name. */
    Optional<Path> program(final String name) {
        return Arrays.stream(searchPath.split(":"))
                .filter(directory -> directory.startsWith("/"))
                .map(directory -> at(directory).resolve(name))
                .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
                .findFirst();
    }

    /** What installs a package: its name on Debian and its kin, and on Red Hat's. */
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
