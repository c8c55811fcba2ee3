package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.testing.Readme;
import dev.ninepin.testing.Readme.Place;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of README.md that take a host only. The tests of the module systemd run those that take a guest, and {@link
 * QuickstartIT} runs {@code ./quickstart}.
 */
class ReadmeIT {
    /** All commands of a host, on a busy machine. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /**
     * Makes the directories, the diod and the host name of the page. They live in namespaces of their own, and files are
     * written to memory, so nothing is left. All processes end with the first one of their namespace.
     */
    private static final String HOST = """
            set -e
            for directory in /srv /mnt /run /var/log; do mount -t tmpfs tmpfs $directory; done
            mkdir -p /srv/share /mnt/share /mnt/filer /mnt/view /var/lib/ninepin
            mount -t tmpfs tmpfs /var/lib/ninepin
            echo hello >/srv/share/hello
            ip link set lo up
            (cat /etc/hosts; echo 127.0.0.1 filer) >/run/hosts
            mount --bind /run/hosts /etc/hosts
            diod -f -n --no-userdb -c /dev/null -L /run/diod.log -e /srv/share -l /run/diod.sock -l 127.0.0.1:564 &
            until [ -S /run/diod.sock ]; do sleep 0.1; done
            """;

    private static final String NOTHING_MOUNTED = """
            ! grep fuse.ninepin /proc/self/mountinfo
            """;

    @TempDir
    private Path temporary;

    @Test
    void everyBlockSaysWhereItIsRun() throws Exception {
        assertThat(Readme.blocks()).hasSizeGreaterThan(10);
        for (final Place place : Place.values()) {
            assertThat(Readme.blocks(place)).as(place.name()).isNotEmpty();
        }
    }

    /** The build that runs this test is what the other commands do. */
    @Test
    void theScriptsOfAFreshCloneAreThere() throws Exception {
        assertThat(Readme.commands(Place.CLONE)).isNotEmpty().allSatisfy(command -> {
            final String program = command.split(" ", 2)[0];
            if (program.startsWith("./")) {
                assertThat(Program.TREE.resolve(program).normalize()).isExecutable();
            } else {
                assertThat(command).startsWith("mvn -B -DskipTests package");
            }
        });
    }

    @Test
    void theCommandsOfAHostWork() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may make a namespace");
        Files.createSymbolicLink(temporary.resolve("ninepin"), Program.TREE.resolve("ninepin"));
        final String commands = Readme.commands(Place.HOST).collect(Collectors.joining("\n", "set -x\n", "\n"));
        final Path output = temporary.resolve("output");
        final Path errors = temporary.resolve("errors");
        final Process shell = Program.start(
                List.of(
                        "unshare",
                        "--mount",
                        "--net",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--mount-proc",
                        "sh",
                        "-c",
                        HOST + commands + NOTHING_MOUNTED),
                Map.of("PATH", temporary + ":" + System.getenv("PATH")),
                output,
                errors);
        try {
            assertThat(shell.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as(Files.readString(errors))
                    .isTrue();
        } finally {
            shell.destroyForcibly();
        }
        assertThat(shell.exitValue())
                .as("%s%n%s", Files.readString(output), Files.readString(errors))
                .isZero();
        assertThat(output).content().contains("unix:/run/diod.sock on /mnt/share", "\"mount_point\":\"/mnt/share\"");
    }

    @Test
    void theLinesOfFstabHaveOptionsThatThereAre() throws Exception {
        final List<String> lines = Readme.blocks().stream()
                .filter(block -> block.language() == Readme.Language.FSTAB)
                .flatMap(block -> block.lines().stream())
                .toList();
        assertThat(lines).isNotEmpty();
        for (final String line : lines) {
            final String[] fields = line.split("\\s+");
            assertThat(fields).hasSize(6);
            assertThat(MountOptions.parse(fields[3]).allowOther()).isTrue();
        }
    }
}
