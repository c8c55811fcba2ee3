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

/** A directory of a mount, and a plain one of the file system that its server exports, with a worker in each. */
final class SideBySide implements AutoCloseable {
    private final Rules rules;
    private final Path directory;
    private final Side plain;
    private final Side mounted;

    /** @param name of the directory on the mount, which is made, and removed at the end */
    SideBySide(final Rules rules, final TestMount mount, final String name) throws IOException {
        this.rules = rules;
        this.directory = Files.createDirectory(mount.here(name));
        final String script = script().toString();
        final String local = mount.beside("plain-" + name).toString();
        // The kernel takes no devices and no set-uid bits from a mount: so it is here, too.
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

    /** Runs a sequence on both sides; the first difference, if there is any. */
    Optional<String> run(final Sequence sequence) {
        send(sequence);
        return receive(sequence);
    }

    /** Has both sides run a sequence, after those that they were sent before. */
    void send(final Sequence sequence) {
        plain.send(sequence);
        mounted.send(sequence);
    }

    /** Compares the answers to the sequence that was sent first of those not yet compared. */
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
