package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ninepin.testing.Python;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * A runner of JUnit classes of other modules in the guest, as root. Such tests need a guest's devices or kernel, but
 * use no commands. Each test in the guest becomes one test on the host.
 */
final class TestsInGuest {
    /** The guest's directory of the jars on these tests' class path. */
    static final String DIRECTORY = "/root/tests";

    private static final String RESULTS = DIRECTORY + "/results";

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private TestsInGuest() {}

    /**
     * Runs {@code classes} in the guest's {@link CommandServer}.
     *
     * @return one test per test in the guest, with the same result
     */
    static Stream<DynamicTest> run(final Guest guest, final String... classes) throws Exception {
        ServedCommands.start(guest);
        final String command =
                "rm -f %1$s; %2$s tests %1$s %3$s".formatted(RESULTS, ServedCommands.CLIENT, String.join(" ", classes));
        final Guest.Result java = guest.run(command, new byte[0], PATIENCE);
        final List<DynamicTest> tests = new ArrayList<>();
        tests.add(dynamicTest("all ran to the end: " + String.join(", ", classes), java::expectSuccess));
        guest.run("cat " + RESULTS).output().lines().map(TestsInGuest::test).forEach(tests::add);
        assertThat(tests).as("%s%n%s", java.output(), java.errors()).hasSizeGreaterThan(classes.length);
        return tests.stream();
    }

    private static DynamicTest test(final String line) {
        final String[] fields = line.split("\t", -1);
        final String failure = new String(Base64.getDecoder().decode(fields[3]), Guest.TEXT);
        final String name = fields[1].substring(fields[1].lastIndexOf('.') + 1) + ": " + fields[2];
        return dynamicTest(name, () -> {
            switch (fields[0]) {
                case "SUCCESSFUL" -> {}
                case "FAILED" -> throw new AssertionError("in the guest: " + failure);
                // A skipped test means that the guest lacks something that the test needs, which is a fault of the
                // guest's image.
                default -> throw new AssertionError("it did not run in the guest: " + failure);
            }
        });
    }

    /** Copies the class path of these tests into the guest, unless an earlier call has copied it. */
    static void install(final Guest guest) throws IOException, InterruptedException {
        if (guest.run("[ -d " + DIRECTORY + " ]").status() == 0) {
            return;
        }
        final Path archive = Guest.directory(guest.kind()).resolve("tests.tar");
        pack(archive);
        guest.put(archive, "/root/tests.tar");
        guest.check("cd /root && mkdir tests && tar -x -C tests -f tests.tar && rm tests.tar");
    }

    /** Creates a tar file of jars in one directory, including the classes of this module. */
    private static void pack(final Path archive) throws IOException, InterruptedException {
        final String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        final List<String> command = new ArrayList<>(
                List.of("sh", "-c", """
                set -e
                archive=$1
                python=$2
                work=$(mktemp -d)
                shift 2
                for entry in "$@"; do
                    if [ -d "$entry" ]; then
                        (cd "$entry" && "$python" -m zipfile -c "$work/$(echo "$entry" | tr / _).jar" *)
                    elif [ -f "$entry" ]; then
                        ln -s "$entry" "$work/"
                    fi
                done
                tar -c -h -f "$archive" -C "$work" .
                rm -r "$work"
                """, "sh", archive.toAbsolutePath().toString(), Python.COMMAND));
        command.addAll(List.of(classPath.split(File.pathSeparator, -1)));
        final Process sh = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(sh.waitFor()).as("packing %s", classPath).isZero();
    }
}
