package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Twrite;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of small writes that are sent together, with a server that holds the answers back. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GatheredWritesTest extends GatheredWritesFixture {
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;

    /** The most bytes that are sent together. */
    private static final int MOST = 64 << 10;

    @Test
    void aLoneWriteIsSentAtOnce() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        for (int i = 1; i <= 3; i++) {
            writeNext(handle);
            assertThat(server.count(Twrite.class)).isEqualTo(i);
            share.getattr(node());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.RDWR, OpenFlags.RDWR | OpenFlags.APPEND})
    void aStreamIsGatheredWhileAWriteIsUnanswered(final int flags) throws Exception {
        final long handle = openFile(flags);
        server.hold();
        for (int i = 0; i < 50; i++) {
            writeNext(handle, flags);
        }
        answerAll();
        share.flush(handle, OWNER);
        // The thread for late writes may have sent some.
        assertThat(server.writes()).hasSizeBetween(2, 10);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void aFullRequestIsSentWithoutWaiting() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        final int count = 3 * MOST / SMALL;
        for (int i = 0; i < count; i++) {
            writeNext(handle);
        }
        assertThat(server.writes()).hasSizeGreaterThanOrEqualTo(3);
        assertThat(server.writes())
                .allSatisfy(write -> assertThat(write.data().remaining()).isLessThanOrEqualTo(MOST));
        answerAll();
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void onlyOneFullRequestOfAppendsWaits() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        final int count = MOST / SMALL + 1;
        for (int i = 0; i < count; i++) {
            writeNext(handle, flags);
        }
        final AtomicBoolean ended = new AtomicBoolean();
        try (BackgroundCall<Boolean> call = BackgroundCall.start("one too many", () -> {
            writeNext(handle, flags);
            ended.set(true);
            return true;
        })) {
            call.awaitInside("awaitAllButLast");
            assertThat(ended).isFalse();
            assertThat(server.count(Twrite.class)).isEqualTo(1);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void aGatheredAppendIsSentAfterTheAnswerToTheOneBefore() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        writeNext(handle, flags);
        writeNext(handle, flags);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("flush", () -> {
            share.flush(handle, OWNER);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            assertThat(server.count(Twrite.class)).isEqualTo(1);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        assertThat(server.written()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.RDWR, OpenFlags.RDWR | OpenFlags.APPEND})
    void whatIsGatheredIsSentSoon(final int flags) throws Exception {
        final long handle = openFile(flags);
        server.hold();
        writeNext(handle, flags);
        writeNext(handle, flags);
        if (flags != OpenFlags.RDWR) {
            answerAll();
        }
        await().untilAsserted(() -> assertThat(server.written()).isEqualTo(expected));
        answerAll();
        share.flush(handle, OWNER);
    }

    @Test
    void aWriteElsewhereIsSentAfterWhatIsGathered() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        writeNext(handle);
        writeNext(handle);
        final int offset = expected.length + SMALL;
        write(handle, offset, OpenFlags.RDWR);
        assertThat(server.writes()).extracting(Twrite::offset).containsExactly(0L, (long) SMALL, (long) offset);
        answerAll();
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void aWriteOverGatheredBytesWaitsForThem() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        writeNext(handle);
        writeNext(handle);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("over", () -> {
            write(handle, SMALL + 50, OpenFlags.RDWR);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            assertThat(server.count(Twrite.class)).isEqualTo(2);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void bytesThatWereSentAreNotGatheredAnew() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        write(handle, SMALL, OpenFlags.RDWR);
        write(handle, 0, OpenFlags.RDWR);
        // It continues the write before, but its bytes are under way.
        try (BackgroundCall<Boolean> call = BackgroundCall.start("over", () -> {
            write(handle, SMALL, OpenFlags.RDWR);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            assertThat(server.count(Twrite.class)).isEqualTo(2);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void writesOverTwoOpenFilesAreNotGatheredTogether() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        final long other = share.open(node(), OpenFlags.RDWR, KERNEL);
        server.hold();
        writeNext(handle);
        writeNext(handle);
        writeNext(other);
        assertThat(server.writes()).extracting(Twrite::offset).containsExactly(0L, (long) SMALL, 2L * SMALL);
        assertThat(server.writes().get(2).fid())
                .isNotEqualTo(server.writes().get(1).fid());
        answerAll();
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void appendsOverTwoOpenFilesKeepTheirOrder() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        final long other = share.open(node(), flags, KERNEL);
        server.hold();
        writeNext(handle, flags);
        writeNext(handle, flags);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("other append", () -> {
            writeNext(other, flags);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            assertThat(server.count(Twrite.class)).isEqualTo(1);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"OPEN, true", "LOOSE, true", "NONE, false"})
    void onlyWritesBehindAreGathered(final CacheMode cache, final boolean gathered) throws Exception {
        final long handle = openFile(cache, OpenFlags.RDWR);
        if (gathered) {
            server.hold();
        }
        writeNext(handle);
        writeNext(handle);
        assertThat(server.count(Twrite.class)).isEqualTo(gathered ? 1 : 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.SYNC, OpenFlags.DSYNC, OpenFlags.DIRECT})
    void aWriteThatMustWaitIsNotGathered(final int flag) throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        writeNext(handle);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("must wait", () -> {
            writeNext(handle, OpenFlags.RDWR | flag);
            return true;
        })) {
            await().until(() -> server.count(Twrite.class) == 2);
            answerAll();
            assertThat(call.result()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.RDWR, OpenFlags.RDWR | OpenFlags.APPEND})
    void theRestOfAShortWriteIsSentAgain(final int flags) throws Exception {
        final long handle = openFile(flags);
        server.writeAtMost(150);
        server.hold();
        for (int i = 0; i < 10; i++) {
            writeNext(handle, flags);
        }
        answerAll();
        share.flush(handle, OWNER);
        assertThat(server.count(Twrite.class)).isGreaterThanOrEqualTo(7);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void theRestOfAShortWriteIsSentWithoutAnotherOperation() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.writeAtMost(150);
        server.hold();
        for (int i = 0; i < 10; i++) {
            writeNext(handle);
        }
        answerAll();
        await().untilAsserted(() -> assertThat(server.written()).isEqualTo(expected));
        share.flush(handle, OWNER);
    }

    @Test
    void aServerThatWritesNothingHasAFullDisk() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        writeNext(handle);
        writeNext(handle);
        answerWrites(new Rwrite(0));
        answerAll();
        assertFails(ENOSPC, () -> share.flush(handle, OWNER));
    }

    @Test
    void aServerThatWritesFewBytesAtATimeHasAFullDisk() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        for (int i = 0; i < 10; i++) {
            writeNext(handle, flags);
        }
        answerWrites(new Rwrite(1));
        answerAll();
        assertFails(ENOSPC, () -> share.flush(handle, OWNER));
        assertThat(server.count(Twrite.class)).isEqualTo(1 + 16);
    }

    private void answerWrites(final Message answer) {
        server.model().lie(Twrite.class, (request, truth) -> answer);
    }

    @Test
    void theReasonOfAShortWriteIsReported() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        for (int i = 0; i < 10; i++) {
            writeNext(handle);
        }
        server.model()
                .lie(
                        Twrite.class,
                        (request, truth) -> ((Twrite) request).data().remaining() == 9 * SMALL
                                ? new Rwrite(150)
                                : new Rlerror(EDQUOT));
        answerAll();
        assertFails(EDQUOT, () -> share.fsync(handle, true));
        share.fsync(handle, true);
    }

    @Test
    void aFailureIsReportedByEachCloseUntilAnFsync() throws Exception {
        final long handle = openFile(OpenFlags.RDWR);
        server.hold();
        writeNext(handle);
        writeNext(handle);
        answerWrites(new Rlerror(EDQUOT));
        answerAll();
        assertFails(EDQUOT, () -> share.flush(handle, OWNER));
        assertFails(EDQUOT, () -> share.flush(handle, OWNER));
        assertFails(EDQUOT, () -> writeNext(handle));
        server.model().tellTheTruth();
        write(handle, 0, OpenFlags.RDWR);
        assertFails(EDQUOT, () -> share.fsync(handle, true));
        share.fsync(handle, true);
        share.flush(handle, OWNER);
    }

    @Test
    void anAppendIsNotSentAfterOneThatFailed() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        answerWrites(new Rlerror(EDQUOT));
        writeNext(handle, flags);
        server.model().tellTheTruth();
        writeNext(handle, flags);
        answerAll();
        assertFails(EDQUOT, () -> share.flush(handle, OWNER));
        assertThat(server.count(Twrite.class)).isEqualTo(1);
        assertFails(EDQUOT, () -> writeNext(handle, flags));
        writeNext(handle, flags);
        assertThat(server.count(Twrite.class)).isEqualTo(2);
    }

    @Test
    void anAppendFailsIfOneFailsThatItWaitsFor() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        answerWrites(new Rlerror(EDQUOT));
        for (int i = 0; i < MOST / SMALL + 1; i++) {
            writeNext(handle, flags);
        }
        server.model().tellTheTruth();
        try (BackgroundCall<Boolean> call = BackgroundCall.start("one too many", () -> {
            assertFails(EDQUOT, () -> writeNext(handle, flags));
            return true;
        })) {
            call.awaitInside("awaitAllButLast");
            answerAll();
            assertThat(call.result()).isTrue();
        }
        assertThat(server.count(Twrite.class)).isEqualTo(1);
        assertFails(EDQUOT, () -> share.flush(handle, OWNER));
    }

    @Test
    void theEndOfTheSessionIsReported() throws Exception {
        final long handle = openFile(OpenFlags.RDWR | OpenFlags.APPEND);
        server.hold();
        writeNext(handle, OpenFlags.RDWR | OpenFlags.APPEND);
        writeNext(handle, OpenFlags.RDWR | OpenFlags.APPEND);
        final Thread closer = new Thread(() -> share.session().close(), "closer");
        closer.start();
        closer.join();
        assertFails(Errno.EIO, () -> share.flush(handle, OWNER));
        assertThat(share.session().status().tagsUsed()).isZero();
    }

    @Test
    void anInterruptedFsyncGivesNoWriteUp() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        writeNext(handle, flags);
        writeNext(handle, flags);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("fsync", () -> {
            share.fsync(handle, true);
            return true;
        })) {
            call.awaitInside("awaitEnd").interrupt();
            assertThat(call.failure()).isInstanceOf(InterruptedIOException.class);
        }
        answerAll();
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
    }

    @Test
    void nothingIsSentOverAFileThatIsClosed() throws Exception {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final long handle = openFile(flags);
        server.hold();
        writeNext(handle, flags);
        writeNext(handle, flags);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("release", () -> {
            share.release(handle);
            return true;
        })) {
            call.awaitInside("awaitEnd").interrupt();
            assertThat(call.result()).isTrue();
        }
        answerAll();
        // What is written over the next open file is sent late, and so after what was not sent.
        final long other = share.open(node(), flags, KERNEL);
        server.hold();
        writeNext(other, flags);
        writeNext(other, flags);
        answerAll();
        await().until(() -> server.count(Twrite.class) == 3);
        assertThat(server.written())
                .isEqualTo(concat(Arrays.copyOf(expected, SMALL), Arrays.copyOfRange(expected, 2 * SMALL, 4 * SMALL)));
        share.flush(other, OWNER);
        assertThat(server.count(Twrite.class)).isEqualTo(3);
    }

    private static byte[] concat(final byte[] one, final byte[] other) {
        final byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    @Test
    void whatIsGatheredHasAPermitToo() throws Exception {
        final long first = openFile(OpenFlags.RDWR);
        final int most = share.session().maxRequests() / 2;
        server.hold();
        final long[] handles = new long[most / 2];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = i == 0 ? first : openAnother("file" + i);
            expected = new byte[0];
            writeNext(handles[i]);
            writeNext(handles[i]);
        }
        final long last = openAnother("last");
        try (BackgroundCall<Boolean> call = BackgroundCall.start("one too many", () -> {
            share.write(last, 0, ByteBuffer.allocateDirect(SMALL), OpenFlags.RDWR);
            return true;
        })) {
            call.awaitInside("takePermit");
            // The writer that waits has sent what was gathered.
            await().until(() -> server.writes().size() == most);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        for (final long handle : handles) {
            share.flush(handle, OWNER);
        }
        share.flush(last, OWNER);
    }

    private long openAnother(final String name) throws IOException {
        server.model().put(name, S_IFREG | 0644, new byte[0]);
        return share.open(share.lookup(ROOT, ByteString.of(name)).node(), OpenFlags.RDWR, KERNEL);
    }

    private static void assertFails(final int errno, final ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(failure -> assertThat(Errno.of(failure)).isEqualTo(errno));
    }
}
