package dev.ninepin.mounted;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.testing.ServerKind;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A test with programs that check their own results ({@code chaos.py}) while the server is killed and started again.
 * The property {@code ninepin.chaosSeconds} sets its duration.
 */
class ChaosTest {
    private static final int SECONDS = Integer.getInteger("ninepin.chaosSeconds", 15);

    @ParameterizedTest
    @EnumSource(names = {"DIOD_UNIX", "DIOD_TCP", "QEMU"})
    @Timeout(value = 24, unit = TimeUnit.HOURS)
    void nothingThatWasAcknowledgedIsLostAndNothingHangs(final ServerKind kind) throws Exception {
        final long seed = ThreadLocalRandom.current().nextInt(1_000_000);
        final Random random = new Random(seed);
        int kills = 0;
        try (TestMount mount =
                MountSetup.of(kind).reconnecting(Duration.ofSeconds(60)).mount()) {
            final Process programs = mount.programs()
                    .start(Programs.scriptCommand("chaos.py", Integer.toString(SECONDS), Long.toString(seed)));
            final long begin = System.nanoTime();
            while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(SECONDS)) {
                final long answered = answered(mount);
                final int more = random.nextInt(3000);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> answered(mount) > answered + more || !programs.isAlive());
                mount.killServer();
                mount.restartServer();
                kills++;
                final int number = kills;
                await().until(() -> mount.connection() >= number);
            }
            assertThat(programs.waitFor(60 + SECONDS, TimeUnit.SECONDS))
                    .as("the programs have ended")
                    .isTrue();
            assertThat(programs.exitValue())
                    .as(
                            "after %d kills with seed %d: %s",
                            kills, seed, new String(programs.getInputStream().readAllBytes(), UTF_8))
                    .isZero();
            assertThat(kills).isGreaterThan(1);
            mount.clear();
        }
    }

    private static long answered(final TestMount mount) {
        return mount.session().messages().stream()
                .mapToLong(message -> message.count())
                .sum();
    }
}
