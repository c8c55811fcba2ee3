package dev.ninepin.differential;

import dev.ninepin.mounted.TestMount;
import dev.ninepin.testing.Python;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A directory on a mount, and a plain directory on the file system that the server exports, with a worker in each. */
final class SideBySide implements AutoCloseable {
    private final Rules rules;
    private final Path directory;
    private final Side plain;
    private final Side mounted;

    /**
     * Creates both directories and starts the workers.
     *
     * @param name the name of the directory on the mount, which {@link #close} removes
     */
    SideBySide(final Rules rules, final TestMount mount, final String name) throws IOException {
        this.rules = rules;
        this.directory = Files.createDirectory(mount.here(name));
        final String script = script().toString();
        final String local = mount.beside("plain-" + name).toString();
        // The kernel honours no device files and no set-user-ID bits on a mount, so the plain directory is mounted the
        // same way.
        final List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$1\" \"$1\" && mount -o remount,bind,nodev,nosuid \"$1\" && shift && exec \"$@\"",
                "sh",
                local,
                Python.COMMAND,
                script,
                local,
                "--handles"));
        rules.limits().forEach(limit -> command.add(limit.call() + "=" + limit.errno()));
        plain = new Side("plain", command);
        mounted = new Side("mount", List.of(Python.COMMAND, script, directory.toString()));
    }

    /** Runs a sequence on both sides, and returns the first difference, or empty if there is none. */
    Optional<String> run(final Sequence sequence) {
        send(sequence);
        return receive(sequence);
    }

    /** Sends a sequence to both sides, which run it after the sequences sent before. */
    void send(final Sequence sequence) {
        plain.send(sequence);
        mounted.send(sequence);
    }

    /** Compares the results of {@code sequence}, which must be the oldest one that has been sent but not received. */
    Optional<String> receive(final Sequence sequence) {
        final Answers expected = plain.receive();
        return Comparison.difference(rules, sequence, expected, mounted.receive());
    }

    private static Path script() {
        try {
            return Path.of(Objects.requireNonNull(SideBySide.class.getResource("worker.py"))
                    .toURI());
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        plain.close();
        mounted.close();
        Files.delete(directory);
    }
}
