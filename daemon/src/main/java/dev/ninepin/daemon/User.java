package dev.ninepin.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Who runs this process.
 *
 * @param uid the effective user number
 */
record User(long uid) {
    private static final Path STATUS = Path.of("/proc/self/status");

    static User current() throws IOException {
        try (var lines = Files.lines(STATUS)) {
            // "Uid:", then the real, effective, saved and file system user.
            return lines.filter(line -> line.startsWith("Uid:"))
                    .map(line -> new User(Long.parseLong(line.split("\\s+")[2])))
                    .findFirst()
                    .orElseThrow(() -> new IOException(STATUS + " names no user"));
        }
    }

    boolean isRoot() {
        return uid == 0;
    }
}
