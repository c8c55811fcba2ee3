package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LyingServer;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of threads that are interrupted while another thread waits for the server. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledWaitTest {
    private static final ByteString NAME = ByteString.of("file");

    /** A server that holds its answers to one kind of request, until the first request after {@link #release}. */
    private static final class Holding implements AnsweringChannel.Server {
        private final LyingServer model = new LyingServer();
        private final List<ByteBuffer> held = new ArrayList<>();
        private @Nullable Class<? extends Tmessage> kind;

        @Override
        public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
            final List<ByteBuffer> answers = model.answer(tag, request);
            if (request.getClass() == kind) {
                held.addAll(answers);
                return List.of();
            }
            final List<ByteBuffer> all = new ArrayList<>(kind == null ? held : List.of());
            if (kind == null) {
                held.clear();
            }
            all.addAll(answers);
            return all;
        }

        synchronized void hold(final Class<? extends Tmessage> requests) {
            kind = requests;
        }

        synchronized void release() {
            kind = null;
        }
    }

    private final Holding server = new Holding();

    private Session connect() throws Exception {
        server.model.put(NAME.toString(), S_IFREG | 0644, new byte[60]);
        return Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0));
    }

    @Test
    void anOpenThatWaitsForARemovalCanBeKilled() throws Exception {
        try (Share share =
                Share.open(connect(), new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()))) {
            final long node = share.lookup(ROOT, NAME).node();
            server.hold(Tunlinkat.class);
            try (BackgroundCall<Boolean> removing = BackgroundCall.start("removing", () -> {
                        share.unlink(ROOT, NAME);
                        return true;
                    })
                    .awaitInside("unlink")) {
                try (BackgroundCall<Long> opening = BackgroundCall.start(
                                "opening", () -> share.open(node, OpenFlags.RDONLY, new NoKernelCache()))
                        .awaitInside("shared")) {
                    opening.interrupt();
                    assertThat(opening.failure()).isInstanceOf(InterruptedIOException.class);
                } finally {
                    server.release();
                    share.statfs(ROOT);
                }
                assertThat(removing.result()).isTrue();
            }
        }
    }

    @Test
    void aThreadThatWaitsForAnotherOnesWalkCanBeKilled() throws Exception {
        try (Session session = connect()) {
            final var walked = session.fids().walk(session.fids().root(), NAME);
            final PathFid path = session.fids().newPath(session.fids().root(), NAME, walked.qid());
            server.hold(Twalk.class);
            try (BackgroundCall<Boolean> first = BackgroundCall.start("walking", () -> {
                        session.fids().lease(path).close();
                        return true;
                    })
                    .awaitInside("use")) {
                try (BackgroundCall<Boolean> second = BackgroundCall.start("waiting", () -> {
                            session.fids().lease(path).close();
                            return true;
                        })
                        .awaitInside("use")) {
                    second.interrupt();
                    assertThat(second.failure()).isInstanceOf(InterruptedIOException.class);
                } finally {
                    server.release();
                    session.fids().clunk(walked.fid());
                }
                assertThat(first.result()).isTrue();
            }
        }
    }
}
