package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tread;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of fsync(2) after a reconnection to a server that has kept unsynced changes, or has lost them. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostDataTest {
    private ForgettingShare mount;

    @BeforeEach
    void open() throws IOException {
        mount = new ForgettingShare(1, true);
    }

    @AfterEach
    void close() throws IOException {
        mount.close();
    }

    private void assertSynced() throws IOException {
        mount.fsync();
        assertThat(mount.server.synced()).isEqualTo(mount.expected);
    }

    private void assertLost() {
        assertThatThrownBy(mount::fsync).satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EIO));
    }

    @Test
    void dataThatTheServerHasKeptIsSynced() throws IOException {
        mount.write(0, 100);
        for (int i = 0; i < 50; i++) {
            mount.write(mount.expected.length, 1000);
        }
        mount.reconnect();
        assertSynced();
        final long reads = mount.server.count(Tread.class);
        mount.reconnect();
        assertSynced();
        assertThat(mount.server.count(Tread.class)).as("reads of synced data").isEqualTo(reads);
    }

    @Test
    void aServerOnThisHostKeepsItsData() throws IOException {
        try (ForgettingShare local = new ForgettingShare(1, false)) {
            local.write(0, 100);
            local.reconnect();
            local.server.put(new byte[100]);
            local.fsync();
            assertThat(local.server.count(Tread.class)).isZero();
        }
    }

    @Test
    void dataThatTheServerHasLostFailsOneSyncOfEachDescriptor() throws IOException {
        final long other = mount.open(OpenFlags.RDWR);
        mount.write(0, 100);
        mount.server.crash(number -> false);
        mount.reconnect();
        assertLost();
        mount.fsync();
        assertThatThrownBy(() -> mount.share.fsync(other, false))
                .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EIO));
        mount.share.fsync(other, false);
        mount.share.release(other);
    }

    @Test
    void dataThatAnotherClientHasReplacedFailsASync() throws IOException {
        mount.write(0, 100);
        mount.server.put(new byte[100]);
        mount.reconnect();
        assertLost();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCrashBetweenTheComparisonAndTheSyncIsNotMissed(final boolean loses) throws IOException {
        mount.write(0, 100);
        mount.reconnect();
        mount.server.crash(number -> !loses);
        mount.cuts.plan(Tfsync.class, Cuts.Moment.BEFORE_ARRIVAL);
        if (loses) {
            assertLost();
        } else {
            assertSynced();
        }
        assertThat(mount.cuts.made()).isEqualTo(2);
    }

    @Test
    void aCrashDuringTheComparisonIsNotMissed() throws IOException {
        mount.write(0, 100);
        mount.reconnect();
        mount.server.crash(number -> false);
        mount.cuts.plan(Tread.class, Cuts.Moment.BEFORE_ANSWER);
        assertLost();
        assertThat(mount.cuts.made()).isEqualTo(2);
    }

    @Test
    void aCrashAfterTheSyncLosesNothing() throws IOException {
        mount.write(0, 100);
        mount.reconnect();
        mount.server.crash(number -> false);
        mount.cuts.plan(Tfsync.class, Cuts.Moment.BEFORE_ANSWER);
        assertSynced();
        assertThat(mount.cuts.made()).isEqualTo(2);
    }

    @Test
    void aDescriptorThatCannotReadIsComparedToo() throws IOException {
        final long writing = mount.open(OpenFlags.WRONLY);
        mount.write(writing, 0, 100, OpenFlags.WRONLY);
        mount.share.flush(writing, 1);
        mount.reconnect();
        mount.share.fsync(writing, false);
        assertThat(mount.server.synced()).isEqualTo(mount.expected);
        mount.share.release(writing);
    }

    @Test
    void appendsAreCompared() throws IOException {
        final long appending = mount.open(OpenFlags.RDWR | OpenFlags.APPEND);
        for (int i = 0; i < 20; i++) {
            mount.write(appending, mount.expected.length, 100, OpenFlags.RDWR | OpenFlags.APPEND);
        }
        mount.share.flush(appending, 1);
        mount.reconnect();
        assertSynced();
        mount.write(appending, mount.expected.length, 100, OpenFlags.RDWR | OpenFlags.APPEND);
        mount.share.flush(appending, 1);
        mount.server.crash(number -> false);
        mount.reconnect();
        assertLost();
        mount.share.release(appending);
    }

    @Test
    void aPageThatIsWrittenAgainIsCompared() throws IOException {
        mount.write(0, 10 * ForgettingShare.BLOCK);
        mount.write(3 * ForgettingShare.BLOCK, ForgettingShare.BLOCK);
        mount.reconnect();
        assertSynced();
        mount.write(0, 10 * ForgettingShare.BLOCK);
        mount.write(3 * ForgettingShare.BLOCK, ForgettingShare.BLOCK);
        mount.server.crash(number -> number == 0);
        mount.reconnect();
        assertLost();
    }

    @Test
    void whatCannotBeComparedMayBeLost() throws IOException {
        mount.write(0, ForgettingShare.BLOCK);
        mount.write(10, 10);
        mount.reconnect();
        assertLost();
        assertSynced();
    }

    @Test
    void aNewSizeIsCompared() throws IOException {
        mount.truncate(10);
        mount.write(10, 20);
        mount.reconnect();
        assertSynced();
        mount.truncate(0);
        mount.write(0, 5);
        mount.server.crash(number -> number == 1);
        mount.reconnect();
        assertLost();
    }

    @Test
    void aNewModeIsCompared() throws IOException {
        mount.share.setattr(mount.node, mode(0600));
        mount.reconnect();
        assertSynced();
        mount.share.setattr(mount.node, mode(0640));
        mount.server.loseMode();
        mount.reconnect();
        assertLost();
    }

    private static AttributeChange mode(final int mode) {
        return AttributeChange.mode(mode);
    }

    @Test
    void aWriteDuringTheComparisonIsNotTakenForALoss() throws Exception {
        mount.write(0, ForgettingShare.BLOCK);
        mount.reconnect();
        mount.server.holdReads();
        final byte[] before = mount.expected;
        try (BackgroundCall<Boolean> syncing = BackgroundCall.start("syncing", () -> {
                    mount.fsync();
                    return true;
                })
                .awaitInside("await")) {
            mount.write(0, ForgettingShare.BLOCK);
            assertThat(mount.expected).isNotEqualTo(before);
            mount.server.releaseReads();
            mount.share.statfs(ROOT);
            assertThat(syncing.result()).isTrue();
        }
        assertSynced();
    }
}
