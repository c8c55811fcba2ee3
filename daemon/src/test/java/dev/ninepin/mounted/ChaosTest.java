package dev.ninepin.mounted;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.testing.ServerKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs programs that check their own results ({@code chaos.py}) while their server is killed, stopped and started
 * again. {@code bench/chaos} runs them for longer and from other seeds.
 */
class ChaosTest {
    private static final int SECONDS = Integer.getInteger("ninepin.chaos.seconds", 20);
    private static final long SEED = Long.getLong("ninepin.chaos.seed", 1);

    /** The mount's timeout. The server's absences are much shorter, so no request may reach it. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int LONGEST_ABSENCE_MILLIS = 3000;
    private static final int MOST_ANSWERS = 3000;

    /** How long the programs may take for their last checks. */
    private static final int LAST_CHECKS_SECONDS = 120;

    @ParameterizedTest
    @MethodSource("servers")
    @Timeout(value = 24, unit = TimeUnit.HOURS)
    void nothingThatWasAcknowledgedIsLostAndNothingHangs(final ServerKind kind) throws Exception {
        try (TestMount mount = MountSetup.of(kind)
                .allowOther()
                .defaultPermissions()
                .reconnecting(PATIENCE)
                .mount()) {
            // PostgreSQL runs as another user, who may not search the parent directory otherwise.
            mount.sh("chmod a+x \"$(dirname \"$PWD\")\"");
            final Process programs = mount.programs()
                    .start(Programs.scriptCommand(
                            "chaos.py",
                            Integer.toString(SECONDS),
                            Long.toString(SEED),
                            Long.toString(PATIENCE.toSeconds())));
            try {
                run(kind, mount, programs);
            } finally {
                programs.descendants().forEach(ProcessHandle::destroyForcibly);
                programs.destroyForcibly();
            }
            mount.clear();
        }
    }

    private static void run(final ServerKind kind, final TestMount mount, final Process programs)
            throws IOException, InterruptedException {
        final BufferedReader output = programs.inputReader(UTF_8);
        assertThat(output.readLine()).isEqualTo("ready");
        final Absences absences = new Absences(mount, programs, new Random(SEED));
        final long begin = System.nanoTime();
        while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(SECONDS)) {
            absences.causeOne();
        }
        assertThat(programs.waitFor(LAST_CHECKS_SECONDS, TimeUnit.SECONDS))
                .as("the programs have ended")
                .isTrue();
        final String said = output.lines().collect(Collectors.joining("\n"));
        final String summary = "Chaos, %s, seed %d, %d s: %s%n%s".formatted(kind, SEED, SECONDS, absences, said);
        System.out.println(summary);
        assertThat(programs.exitValue()).as(summary).isZero();
        assertThat(absences.kills).as("kills").isPositive();
    }

    static Set<ServerKind> servers() {
        final String chosen = System.getProperty("ninepin.chaos.server");
        return chosen != null
                ? Set.of(ServerKind.valueOf(chosen))
                : EnumSet.of(ServerKind.DIOD_UNIX, ServerKind.DIOD_TCP, ServerKind.QEMU);
    }

    /** Makes a server absent in different ways, each after it has answered some requests. */
    private static final class Absences {
        private final TestMount mount;
        private final Process programs;
        private final Random random;
        private int kills;
        private int stops;

        /** The longest time from a return of the server to the next connection. */
        private long longestReturnMillis;

        Absences(final TestMount mount, final Process programs, final Random random) {
            this.mount = mount;
            this.programs = programs;
            this.random = random;
        }

        void causeOne() throws IOException, InterruptedException {
            final long answered = answered();
            final int more = random.nextInt(MOST_ANSWERS);
            await().atMost(PATIENCE).until(() -> answered() > answered + more || !programs.isAlive());
            final int kind = random.nextInt(4);
            final int absence = kind == 0 || kind == 1 ? 0 : random.nextInt(LONGEST_ABSENCE_MILLIS);
            if (kind == 2) {
                mount.stopServer();
                pass(absence);
                mount.continueServer();
                stops++;
                return;
            }
            final int connection = mount.connection();
            mount.killServer();
            pass(absence);
            mount.restartServer();
            kills++;
            final long returned = System.nanoTime();
            await().atMost(PATIENCE).until(() -> mount.connection() > connection);
            longestReturnMillis =
                    Math.max(longestReturnMillis, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - returned));
        }

        /** Lets time pass in which the server is absent, unless the programs have ended. */
        private void pass(final int millis) throws InterruptedException {
            final boolean unused = programs.waitFor(millis, TimeUnit.MILLISECONDS);
        }

        private long answered() {
            return mount.session().messages().stream()
                    .mapToLong(message -> message.count())
                    .sum();
        }

        @Override
        public String toString() {
            return kills + " kills, " + stops + " stops, connected again within " + longestReturnMillis + " ms";
        }
    }
}
