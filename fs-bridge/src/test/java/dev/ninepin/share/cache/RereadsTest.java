package dev.ninepin.share.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.BackgroundCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RereadsTest {
    private final Rereads rereads = new Rereads();

    /** Ends a write, and returns for each drop whether the bytes were being read. */
    private List<Boolean> write(final long offset, final int count, final boolean inTime) {
        final List<Boolean> drops = new ArrayList<>();
        rereads.dropIfOvertaken(offset, count, beingRead -> {
            drops.add(beingRead);
            return inTime;
        });
        return drops;
    }

    private List<Boolean> write(final long offset, final int count) {
        return write(offset, count, true);
    }

    /** Starts a write that waits for the replies to reads. */
    private BackgroundCall<List<Boolean>> waitingWrite() {
        return BackgroundCall.start("writer", () -> write(0, 10)).awaitInside("awaitReplies");
    }

    private void read(final long offset, final int count) {
        rereads.beginRead(offset, count).ifPresent(Runnable::run);
    }

    private void drop() {
        rereads.beginDrop();
        rereads.endDrop();
    }

    @Test
    void nothingIsDroppedAgainUnlessItWasDropped() {
        assertThat(rereads.beginRead(0, 4096)).isEmpty();
        assertThat(write(0, 10)).isEmpty();
    }

    @Test
    void aWriteOfWhatWasReadSinceTheDropHasThatDroppedAgain() {
        drop();
        read(0, 4096);
        assertThat(write(4095, 10)).containsExactly(false);
    }

    @Test
    void pagesThatMayAlwaysBeDroppedAreDroppedAgainForEachWriteOfWhatWasRead() {
        rereads.mayAlwaysBeDropped();
        for (int i = 0; i < 3; i++) {
            assertThat(write(0, 10)).isEmpty();
            read(0, 4096);
            assertThat(write(0, 10)).containsExactly(false);
        }
    }

    @Test
    void aWriteOfSomethingElseDropsNothing() {
        drop();
        read(4096, 4096);
        assertThat(write(0, 4096)).isEmpty();
    }

    @Test
    void whatWasReadBeforeTheDropWasDropped() {
        drop();
        read(0, 4096);
        drop();
        assertThat(write(0, 10)).isEmpty();
    }

    @Test
    void whatIsReadDuringTheDropMayNotHaveBeenDropped() {
        rereads.beginDrop();
        read(0, 4096);
        rereads.endDrop();
        assertThat(write(0, 10)).containsExactly(false);
    }

    @Test
    void onlyTheFirstWriteAfterADropCanHaveBeenOvertaken() {
        drop();
        read(0, 4096);
        write(0, 10);
        assertThat(write(0, 10)).isEmpty();
        drop();
        write(8192, 10);
        read(0, 4096);
        assertThat(write(0, 10)).isEmpty();
    }

    @Test
    void aWriteDuringADropDoesNotSaveTheNext() {
        rereads.beginDrop();
        write(0, 10);
        read(0, 4096);
        rereads.endDrop();
        assertThat(write(0, 10)).containsExactly(false);
    }

    @Test
    void aDropThatCameAfterTheAnswerCanOvertakeTheNextWrite() {
        drop();
        read(0, 4096);
        write(0, 10, false);
        assertThat(write(0, 10)).containsExactly(false);
    }

    @Test
    void theKernelsOwnDropsCount() {
        rereads.mayBeDropped(System.nanoTime());
        read(0, 4096);
        assertThat(write(0, 10)).containsExactly(false);
    }

    @Test
    void theKernelTakesAWhileToDropOfItsOwnAccordButNotForEver() {
        rereads.mayBeDropped(System.nanoTime());
        write(0, 10);
        read(0, 4096);
        assertThat(write(0, 10)).containsExactly(false);

        rereads.mayBeDropped(System.nanoTime() - TimeUnit.SECONDS.toNanos(2));
        write(0, 10);
        assertThat(rereads.beginRead(0, 4096)).isEmpty();
    }

    @Test
    void aWriteWaitsForTheRepliesToReadsThatMeetIt() throws Exception {
        drop();
        final Optional<Runnable> replied = rereads.beginRead(0, 4096);
        try (BackgroundCall<List<Boolean>> write = waitingWrite()) {
            replied.orElseThrow().run();
            assertThat(write.result()).containsExactly(false);
        }
    }

    @Test
    void anotherReadOfTheSameBytesIsNotWaitedFor() throws Exception {
        drop();
        final Optional<Runnable> replied = rereads.beginRead(0, 4096);
        try (BackgroundCall<List<Boolean>> write = waitingWrite()) {
            final Optional<Runnable> later = rereads.beginRead(0, 4096);
            replied.orElseThrow().run();
            assertThat(write.result()).containsExactly(false);
            later.orElseThrow().run();
        }
    }

    @Test
    void whoIsInterruptedWaitsForNoReply() throws Exception {
        drop();
        rereads.beginRead(0, 4096);
        try (BackgroundCall<List<Boolean>> write = waitingWrite()) {
            write.interrupt();
            assertThat(write.result()).containsExactly(true);
        }
    }
}
