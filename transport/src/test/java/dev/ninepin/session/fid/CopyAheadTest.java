package dev.ninepin.session.fid;

import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of copies of path fids that are dropped before the server has answered their walks, or that fail. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CopyAheadTest {
    private static final ByteString NAME = ByteString.of("file");
    private static final int EMFILE = 24;

    /** A server that may hold or refuse walks. */
    private static final class HoldingServer implements AnsweringChannel.Server {
        private final LyingServer model = new LyingServer();
        private final List<ByteBuffer> held = new ArrayList<>();
        private final List<Integer> clunked = new CopyOnWriteArrayList<>();
        private int copy;
        private boolean holds;
        private boolean refuses;
        private boolean holdsAll;

        @Override
        public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
            if (request instanceof Tclunk clunk) {
                clunked.add(clunk.fid());
            }
            if (holds && request instanceof Twalk walk) {
                copy = walk.newfid();
                held.addAll(
                        refuses ? List.of(AnsweringChannel.bytes(tag, new Rlerror(EMFILE))) : model.answer(tag, walk));
                return List.of();
            }
            if (holdsAll) {
                held.addAll(model.answer(tag, request));
                return List.of();
            }
            final List<ByteBuffer> answers = new ArrayList<>();
            if (!holds) {
                answers.addAll(held);
                held.clear();
            }
            answers.addAll(model.answer(tag, request));
            return answers;
        }

        synchronized void refuse() {
            refuses = true;
        }

        synchronized void hold() {
            holds = true;
        }

        synchronized void holdAll() {
            holdsAll = true;
        }

        synchronized void release() {
            holds = false;
            holdsAll = false;
        }

        synchronized int copy() {
            return copy;
        }
    }

    private final HoldingServer server = new HoldingServer();
    private Session session;
    private FidTable fids;
    private PathFid path;
    private int original;

    @BeforeEach
    void connect() throws IOException {
        server.model.put(NAME.toString(), S_IFREG | 0644);
        session = Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0));
        fids = session.fids();
        path = fids.adopt(fids.root(), NAME, fids.walk(fids.root(), NAME));
    }

    @AfterEach
    void close() {
        session.close();
    }

    @Test
    void aFidThatLeavesItsPathIsClunkedAfterTheWalkOfItsCopy() throws IOException {
        beginCopy();
        fids.retire(path);
        assertBothAreClunkedOnceTheWalkIsAnswered();
    }

    @Test
    void aFidThatLeavesItsPathWhileItIsPinnedIsClunkedAfterTheWalkOfItsCopy() throws IOException {
        beginCopy();
        try (FidTable.Lease lease = fids.lease(path)) {
            fids.retire(path);
        }
        assertBothAreClunkedOnceTheWalkIsAnswered();
    }

    @Test
    void aCopyThatTheServerRefusesIsNotClunked() throws IOException {
        server.refuse();
        beginCopy();
        fids.retire(path);

        answerWalk();

        assertThat(server.clunked).containsExactly(original);
        assertThat(fids.used()).isEqualTo(1);
    }

    @Test
    void anInterruptBeforeACopyIsSentDoesNotFailTheNextOpen() throws IOException {
        try (FidTable.Lease lease = fids.lease(path);
                FidTable.Lease root = fids.lease(fids.root())) {
            for (int i = 0; i < 2; i++) {
                fids.clunkAndAwait(fids.copyToOpen(lease));
            }
            server.holdAll();
            final Call<Rgetattr> first = session.getattr(root.fid(), AttrMask.BASIC);
            Thread.currentThread().interrupt();
            Call<Rgetattr> last;
            do {
                // Fails once no tag is free.
                last = session.getattr(root.fid(), AttrMask.BASIC);
            } while (!last.future().isDone());
            fids.copyAhead(lease);
            assertThat(Thread.interrupted()).isTrue();
            server.release();
            // The answer to the Tflush follows the held ones.
            first.await(1);

            fids.clunkAndAwait(fids.copyToOpen(lease));
        }
    }

    /** Opens the path twice, and begins a copy whose walk the server does not answer yet. */
    private void beginCopy() throws IOException {
        try (FidTable.Lease lease = fids.lease(path)) {
            original = lease.fid();
            for (int i = 0; i < 2; i++) {
                fids.clunkAndAwait(fids.copyToOpen(lease));
            }
            server.clunked.clear();
            server.hold();
            fids.copyAhead(lease);
        }
    }

    private void assertBothAreClunkedOnceTheWalkIsAnswered() throws IOException {
        assertThat(server.clunked).isEmpty();

        answerWalk();

        assertThat(server.clunked).containsExactlyInAnyOrder(original, server.copy());
        assertThat(fids.used()).isEqualTo(1);
    }

    private void answerWalk() throws IOException {
        server.release();
        ask();
        fids.giveBack(fids.take());
        ask();
    }

    /** Returns once the replies before are processed. */
    private void ask() throws IOException {
        try (FidTable.Lease root = fids.lease(fids.root())) {
            session.getattr(root.fid(), AttrMask.BASIC).await();
        }
    }
}
