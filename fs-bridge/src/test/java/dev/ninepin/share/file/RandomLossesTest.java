package dev.ninepin.share.file;

import static dev.ninepin.share.file.ForgettingShare.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tread;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of fsync(2) with random changes, restarts of the server, and crashes of its host. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RandomLossesTest {
    /** The number of shares. They are used at the same time, because each waits for reconnections. */
    private static final int SHARES = 16;

    private static final int STEPS = 400;
    private static final int MOST_BLOCKS = 20;

    /** Pages, streams and sizes at page boundaries can be compared. So fsync(2) must fail only after a loss. */
    @Test
    void fsyncOfPagesSucceedsIfAndOnlyIfNothingWasLost() throws Exception {
        runAll(BLOCK);
    }

    @Test
    void fsyncOfAnyBytesSucceedsOnlyIfNothingWasLost() throws Exception {
        runAll(1);
    }

    private static void runAll(final int unit) throws Exception {
        final List<BackgroundCall<Run>> runs = new ArrayList<>();
        for (int seed = 1; seed <= SHARES; seed++) {
            final int number = seed;
            runs.add(BackgroundCall.start("share " + seed, () -> {
                try (ForgettingShare mount = new ForgettingShare(number, true)) {
                    final Run run = new Run(mount, unit);
                    run.run();
                    return run;
                }
            }));
        }
        int synced = 0;
        int lost = 0;
        for (final BackgroundCall<Run> each : runs) {
            synced += each.result().synced;
            lost += each.result().lost;
        }
        assertThat(synced).isGreaterThan(2 * SHARES);
        assertThat(lost).isGreaterThan(SHARES);
    }

    /** A run of random steps. All offsets and sizes are multiples of a unit, except those of writes at the end. */
    private static final class Run {
        private final ForgettingShare mount;
        private final Random random;
        private final int unit;

        /** How often fsync(2) has succeeded after a reconnection, and how often it has failed. */
        private int synced;

        private int lost;

        /** Whether the server has lost a change since the last fsync(2). */
        private boolean hasLost;

        private boolean hasReconnected;

        Run(final ForgettingShare mount, final int unit) {
            this.mount = mount;
            this.random = mount.random;
            this.unit = unit;
        }

        void run() throws IOException {
            mount.truncate(0);
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(20)) {
                    case 0 -> crash();
                    case 1 -> truncate();
                    case 2, 3 -> fsync(step);
                    default -> write();
                }
            }
        }

        private void crash() throws IOException {
            mount.share.flush(mount.handle, 1);
            planCrash();
            mount.reconnect();
            hasReconnected = true;
            hasLost |= !isAsExpected();
        }

        /** Most crashes lose no changes, or only a few. */
        private void planCrash() {
            final long seed = random.nextLong();
            final int loses = random.nextInt(3) == 0 ? 1 + random.nextInt(100) : 0;
            mount.server.crash(number -> new Random(seed + number).nextInt(100) >= loses);
        }

        private boolean isAsExpected() {
            return Arrays.equals(mount.server.content(), mount.expected);
        }

        private void fsync(final int step) throws IOException {
            final int cuts = mount.cuts.made();
            if (random.nextInt(3) == 0) {
                mount.share.flush(mount.handle, 1);
                planCrash();
                mount.cuts.plan(
                        random.nextBoolean() ? Tfsync.class : Tread.class,
                        random.nextBoolean() ? Cuts.Moment.BEFORE_ARRIVAL : Cuts.Moment.BEFORE_ANSWER);
            }
            boolean done = false;
            try {
                mount.share.fsync(mount.handle, false);
                done = true;
            } catch (final IOException e) {
                assertThat(Errno.of(e)).isEqualTo(Errno.EIO);
            }
            mount.cuts.cancel();
            mount.server.crash(number -> true);
            hasReconnected |= mount.cuts.made() > cuts;
            if (done) {
                assertThat(mount.server.synced()).as("step %d", step).isEqualTo(mount.expected);
                synced += hasReconnected ? 1 : 0;
            } else {
                if (unit == BLOCK) {
                    assertThat(hasLost || !isAsExpected())
                            .as("a loss before step %d", step)
                            .isTrue();
                }
                lost++;
                mount.expected = mount.server.content();
            }
            hasLost = false;
            hasReconnected = false;
        }

        private void truncate() throws IOException {
            // The bytes up to a larger size must be zero, and are not compared.
            final int size = random.nextInt(MOST_BLOCKS) * unit;
            mount.truncate(Math.min(size, mount.expected.length / unit * unit));
        }

        private void write() throws IOException {
            final int end = mount.expected.length;
            final int count = (1 + random.nextInt(3)) * (random.nextBoolean() ? unit : BLOCK);
            if (random.nextBoolean() && end < MOST_BLOCKS * BLOCK) {
                mount.write(end, count);
            } else {
                mount.write(random.nextInt(end + 1) / unit * unit, count);
            }
        }
    }
}
