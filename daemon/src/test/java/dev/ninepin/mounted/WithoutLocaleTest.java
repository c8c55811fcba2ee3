package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of a mount by a process without a locale, as under systemd. Java then decodes text as ASCII. */
class WithoutLocaleTest {
    private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

    @TempDir
    Path home;

    @Test
    void namesAreBytes() throws Exception {
        final Path export = Files.createDirectory(home.resolve("export"));
        final Path directory = Files.createDirectory(home.resolve("mounted"));
        final Process ninepin = start("mount", "-f", "qemu:" + export, directory.toString());
        try {
            await().atMost(Duration.ofSeconds(30))
                    .failFast("ninepin has ended", () -> !ninepin.isAlive())
                    .until(() -> Files.readString(MOUNTINFO).contains(directory + " "));
            new Programs(directory, export, false, false).python("use_odd_names()");
        } finally {
            ninepin.destroy();
            assertThat(ninepin.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(Files.readString(MOUNTINFO)).doesNotContain(directory.toString());
        assertThat(export).isEmptyDirectory();
    }

    private Process start(final String... arguments) throws IOException {
        final String java =
                Path.of(System.getProperty("java.home"), "bin", "java").toString();
        final List<String> command = List.of(java, "-cp", System.getProperty("java.class.path"), Main.class.getName());
        final ProcessBuilder builder = new ProcessBuilder(Programs.words(command.toArray(String[]::new), arguments));
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("LANG"));
        return builder.redirectErrorStream(true)
                .redirectOutput(home.resolve("log").toFile())
                .start();
    }
}
