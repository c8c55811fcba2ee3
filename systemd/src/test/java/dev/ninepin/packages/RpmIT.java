package dev.ninepin.packages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.Readme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests of the .rpm package, as rpm(8) reads it. Installing it would need a guest without Debian's files. */
class RpmIT {
    @Test
    void itIsWhole() throws Exception {
        assertThat(rpm("--checksig", "--nosignature")).contains("digests OK");
    }

    @Test
    void itHoldsWhatTheDebHolds() throws Exception {
        final String deb = built("ninepin_.*\\.deb").toString();
        // The packages keep documents and zsh's functions in different directories.
        final List<String> files = output("sh", "-c", "dpkg-deb --fsys-tarfile \"$1\" | tar -t", "sh", deb)
                .lines()
                .map(name -> name.replaceFirst("^\\.?/?", "/"))
                .filter(name -> !name.matches(".*/|/usr/share/(doc|lintian|zsh)/.*"))
                .toList();
        assertThat(files).contains("/usr/bin/ninepin", "/usr/sbin/mount.ninepin");
        assertThat(rpm("-ql").lines()).containsAll(files);
    }

    @Test
    void itNamesWhatItNeeds() throws Exception {
        assertThat(rpm("--requires").lines())
                .anyMatch(line -> line.matches("java-headless.*17.*|.*java.*17.*"))
                .anyMatch(line -> line.contains("libfuse.so.2") || line.startsWith("fuse-libs"));
    }

    @Test
    void itsScriptsAreShellThatParses() throws Exception {
        final String scripts = rpm("--scripts");
        assertThat(scripts).contains("postinstall scriptlet", "preuninstall scriptlet");
        for (final String script : scripts.split("(?m)^\\w+ scriptlet \\(using /bin/sh\\):$", -1)) {
            assertThat(output("sh", "-n", "-c", script)).isEmpty();
        }
    }

    /** Checks with rpm, because Debian has no dnf, that the file in the command of README.md is the package. */
    @Test
    void theReadmeNamesIt() throws Exception {
        assertThat(Readme.commands(Readme.Place.RPM)).singleElement().satisfies(command -> {
            final String file = command.replaceFirst("^dnf install (\\S+).*", "$1");
            assertThat(output("sh", "-c", "cd .. && rpm -qp --queryformat '%{NAME} %{PACKAGER}' " + file))
                    .isEqualTo("ninepin Ninepin maintainers <maintainers@users.noreply.r-seed-d8021df3.example>");
        });
    }

    @Test
    void itHoldsTheDocumentation() throws Exception {
        assertThat(rpm("-qd").lines())
                .contains(
                        "/usr/share/doc/ninepin/README.md",
                        "/usr/share/doc/ninepin/CHANGELOG.md",
                        "/usr/share/doc/ninepin/docs/file-operations.md");
    }

    private static String rpm(final String... question) throws Exception {
        final List<String> command = new ArrayList<>(List.of("rpm"));
        if (!question[0].equals("--checksig")) {
            command.add("-qp");
        }
        command.addAll(List.of(question));
        command.add(built("ninepin.*\\.rpm").toString());
        return output(command.toArray(String[]::new));
    }

    private static String output(final String... command) throws Exception {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor())
                .as("%s says: %s", List.of(command), output)
                .isZero();
        return output;
    }

    private static Path built(final String name) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            return files.filter(file -> file.getFileName().toString().matches(name))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the build has left no " + name + " in target"));
        }
    }
}
