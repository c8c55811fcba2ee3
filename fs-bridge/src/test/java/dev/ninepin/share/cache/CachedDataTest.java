package dev.ninepin.share.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CachedDataTest {
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(20);

    /** The clock's time in seconds, much later than the times of the files, so that their versions are settled. */
    private static final long LATE = 1_000_000;

    private final CachedData data = new CachedData();

    @Test
    void theFirstOpenDropsWhatALookupBroughtBefore() throws IOException {
        assertThat(open(version(1, 1), 0, LATE).good()).isFalse();
    }

    @Test
    void whatDidNotChangeIsKept() throws IOException {
        data.endDrop(open(version(1, 1), 0, LATE));
        assertThat(open(version(1, 1), 1, LATE).good()).isTrue();
    }

    @Test
    void whatChangedOnTheServerIsDroppedOnceAndThenKept() throws IOException {
        data.endDrop(open(version(1, 1), 0, LATE));
        final CachedData.Verdict changed = open(version(2, 1), 1, LATE);
        assertThat(changed.good()).isFalse();
        data.endDrop(changed);
        assertThat(open(version(2, 1), 2, LATE).good()).isTrue();
    }

    @Test
    void aVersionIsNotTrustedUntilItsTickIsOver() throws IOException {
        final long mtime = 100;
        data.endDrop(open(version(mtime, 1), 0, mtime));
        final CachedData.Verdict soon = open(version(mtime, 1), TICK / 2, mtime);
        assertThat(soon.good()).isFalse();
        data.endDrop(soon);
        final CachedData.Verdict later = open(version(mtime, 1), TICK, mtime);
        assertThat(later.good()).isFalse();
        data.endDrop(later);
        assertThat(open(version(mtime, 1), TICK + 1, mtime).good()).isTrue();
    }

    @Test
    void theTimeBetweenTheRequestAndTheDecisionIsNoReasonToTrustAVersion() throws IOException {
        final long mtime = 100;
        data.endDrop(open(version(mtime, 1), 0, mtime));
        final CachedData.Verdict slow = data.judgeOpen(version(mtime, 1), data.changes(), false, 1, 10 * TICK, mtime);
        assertThat(slow.version()).isNull();
    }

    @Test
    void aServerThatCountsWholeSecondsIsWaitedForLonger() throws IOException {
        final long mtime = 100;
        data.endDrop(open(version(mtime, 0), 0, mtime));
        final CachedData.Verdict soon = open(version(mtime, 0), 50 * TICK, mtime);
        data.endDrop(soon);
        assertThat(open(version(mtime, 0), 99 * TICK, mtime).good()).isFalse();
    }

    @Test
    void whileItIsWrittenHereANewVersionIsTakenForOurOwn() throws IOException {
        data.judgeOpenExclusive(true);
        write();
        assertThat(open(version(1, 1), 0, LATE).good()).isTrue();
    }

    @Test
    void whatChangesWhileAWriterHereDoesNothingWasChangedThere() throws IOException {
        data.judgeOpenExclusive(true);
        write();
        data.endDrop(open(version(1, 1), 0, LATE));
        assertThat(open(version(2, 1), 1, LATE).good()).isFalse();
    }

    @Test
    void aVersionWhoseTickIsNotOverIsNotTakenForOurOwn() throws IOException {
        final long mtime = 100;
        data.judgeOpenExclusive(true);
        data.endDrop(open(version(mtime, 1), 0, mtime));
        final CachedData.Verdict soon = open(version(mtime, 1), TICK / 2, mtime);
        assertThat(soon.good()).isFalse();
    }

    @Test
    void ourOwnVersionIsOursStillWhileItsTickIsNotOver() throws IOException {
        final long mtime = 100;
        data.judgeOpenExclusive(true);
        write();
        assertThat(open(version(mtime, 1), 0, mtime).good()).isTrue();
        assertThat(open(version(mtime, 1), TICK / 2, mtime).good()).isTrue();
    }

    @Test
    void anOpenThatAskedBeforeAWriteAndIsJudgedAfterOneThatAskedLaterFindsOurOwn() throws IOException {
        data.judgeOpenExclusive(true);
        final long before = data.changes();
        write();
        assertThat(open(version(2, 1), 0, LATE).good()).isTrue();
        assertThat(data.judgeOpen(version(1, 1), before, false, 1, 1, LATE).good())
                .isTrue();
    }

    @Test
    void whatIsDroppedInVainIsDroppedAgain() throws IOException {
        final CachedData.Verdict first = open(version(1, 1), 0, LATE);
        assertThat(first.good()).isFalse();
        data.endDrop(CachedData.Verdict.UNKNOWN);
        assertThat(open(version(1, 1), 1, LATE).good()).isFalse();
    }

    @Test
    void aWriteThatIsUnderWayMayBeWhatChangedIt() throws IOException {
        data.judgeOpenExclusive(true);
        data.endDrop(open(version(1, 1), 0, LATE));
        data.beginChange();
        assertThat(open(version(2, 1), 1, LATE).good()).isTrue();
        data.endChange();
        assertThat(open(version(3, 1), 1, LATE).good()).isTrue();
    }

    @Test
    void onceNobodyWritesHereANewVersionIsNotTakenForOurOwn() throws IOException {
        data.judgeOpenExclusive(true);
        write();
        data.removeWriter();
        assertThat(open(version(1, 1), 0, LATE).good()).isFalse();
    }

    @Test
    void nobodyOpensTheFileWhileItsDataIsDropped() throws Exception {
        data.endDrop(open(version(1, 1), 0, LATE));
        final CachedData.Verdict changed = open(version(2, 1), 1, LATE);
        final CompletableFuture<CachedData.Verdict> other = new CompletableFuture<>();
        final Thread opener = new Thread(() -> {
            try {
                other.complete(open(version(2, 1), 2, LATE));
            } catch (final IOException e) {
                other.completeExceptionally(e);
            }
        });
        opener.start();
        await().until(() -> opener.getState() == Thread.State.WAITING);
        assertThat(other).isNotDone();
        data.endDrop(changed);
        assertThat(other.get(10, TimeUnit.SECONDS).good()).isTrue();
        opener.join();
    }

    @Test
    void whoWaitsForADropCanBeInterrupted() throws IOException {
        data.endDrop(open(version(1, 1), 0, LATE));
        final CachedData.Verdict changed = open(version(2, 1), 1, LATE);
        assertThat(changed.good()).isFalse();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> open(version(2, 1), 2, LATE)).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void whatIsNotBelievedIsDroppedAtEachOpen() throws IOException {
        for (int i = 0; i < 3; i++) {
            final CachedData.Verdict next = data.judgeOpenUntrusted(false);
            assertThat(next.good()).isFalse();
            data.endDrop(next);
        }
    }

    private void write() {
        data.beginChange();
        data.endChange();
    }

    private CachedData.Verdict open(final Rgetattr now, final long nanos, final long clock) throws IOException {
        return data.judgeOpen(now, data.changes(), false, nanos, nanos, clock);
    }

    private static Rgetattr version(final long mtime, final long nanos) {
        return new Rgetattr(
                0,
                new Qid(Qid.FILE, 0, 1),
                0100644,
                0,
                0,
                1,
                0,
                10,
                4096,
                8,
                0,
                0,
                mtime,
                nanos,
                mtime,
                nanos,
                0,
                0,
                0,
                0);
    }
}
