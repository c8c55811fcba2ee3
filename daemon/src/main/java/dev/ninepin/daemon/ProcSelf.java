package dev.ninepin.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Scanner;

/** What the kernel says of this process. Source: proc_pid_status(5). */
final class ProcSelf {
    private static final Path STATUS = Path.of("/proc/self/status");

    /**
     * A number of the field {@code name}.
     *
     * @param index counted from 0: of {@code Uid}, 1 is the effective user
     * @throws IOException if there is no such field, or none of the kind
     */
    static long number(final String name, final int index) throws IOException {
        try (var lines = Files.lines(STATUS)) {
            final String field = lines.filter(line -> line.startsWith(name + ":"))
                    .findFirst()
                    .orElseThrow(() -> new IOException(STATUS + " has no " + name));
            try (Scanner words = new Scanner(field.substring(name.length() + 1))) {
                for (int i = 0; i < index; i++) {
                    words.next();
                }
                return words.nextLong();
            }
        }
    }

    private ProcSelf() {}
}
