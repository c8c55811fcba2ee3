package dev.ninepin.share.name;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.AttributeChange.TimeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LyingServer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tests of silly-renamed files at their last close. */
class PutAsideTest {
    @Test
    void newTimesOfADirectoryAreSetAfterTheRemovalsInIt() throws Exception {
        final LateRemovals server = new LateRemovals();
        try (Share share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()))) {
            final long handle = share.createUnnamed(new Caller(0, 0, 022), ROOT, OpenFlags.RDWR, 0644)
                    .handle();
            try (BackgroundCall<?> close = BackgroundCall.start("close", () -> {
                        share.release(handle);
                        return true;
                    });
                    BackgroundCall<?> change = BackgroundCall.start("utimens", () -> {
                        close.awaitInside("removeAside");
                        return share.setattr(ROOT, mtime(Timestamp.within(1, 0)));
                    })) {
                change.awaitInside("awaitRemovals");
                share.statfs(ROOT);
                close.result();
                change.result();
            }
            assertThat(server.order).containsExactly("removed", "times set");
        }
    }

    @Test
    void aLinkCountThatIsReadWhileTheHiddenNameGoesCountsTheOtherNames() throws Exception {
        final LateRemovals server = new LateRemovals();
        final Qid qid = server.server.put("opened", LyingServer.S_IFREG | 0644);
        server.server.put("kept", qid, LyingServer.S_IFREG | 0644);
        server.server.lie(
                Tgetattr.class,
                (request, truth) -> truth instanceof Rgetattr seen && seen.qid().equals(qid)
                        ? withLinks(seen, server.removals.get() == 0 ? 2 : 1)
                        : truth);
        try (Share share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()))) {
            final long node = share.lookup(ROOT, ByteString.of("opened")).node();
            assertThat(share.lookup(ROOT, ByteString.of("kept")).node()).isEqualTo(node);
            final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
            share.unlink(ROOT, ByteString.of("opened"));
            assertThat(share.getattr(node).nlink()).isEqualTo(1);
            try (BackgroundCall<?> close = BackgroundCall.start("close", () -> {
                        share.release(handle);
                        return true;
                    });
                    BackgroundCall<Attributes> look = BackgroundCall.start("getattr", () -> {
                        close.awaitInside("removeAside");
                        return share.getattr(node);
                    })) {
                look.awaitInside("getattr");
                share.statfs(ROOT);
                close.result();
                assertThat(look.result().nlink()).isEqualTo(1);
            }
            assertThat(share.getattr(node).nlink()).isEqualTo(1);
        }
    }

    private static Rgetattr withLinks(final Rgetattr seen, final long links) {
        return new Rgetattr(
                seen.valid(),
                seen.qid(),
                seen.mode(),
                seen.uid(),
                seen.gid(),
                links,
                seen.rdev(),
                seen.size(),
                seen.blksize(),
                seen.blocks(),
                seen.atimeSec(),
                seen.atimeNsec(),
                seen.mtimeSec(),
                seen.mtimeNsec(),
                seen.ctimeSec(),
                seen.ctimeNsec(),
                seen.btimeSec(),
                seen.btimeNsec(),
                seen.gen(),
                seen.dataVersion());
    }

    private static AttributeChange mtime(final Timestamp time) {
        return new AttributeChange(
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.of(new TimeChange(Optional.of(time))),
                false);
    }

    /** A server that replies to a Tunlinkat only when it receives a Tstatfs. */
    private static final class LateRemovals implements AnsweringChannel.Server {
        private final LyingServer server = new LyingServer();
        private final List<String> order = new CopyOnWriteArrayList<>();
        private final List<ByteBuffer> late = new ArrayList<>();
        private final AtomicInteger removals = new AtomicInteger();

        @Override
        public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
            final List<ByteBuffer> answers = new ArrayList<>(server.answer(tag, request));
            if (request instanceof Tsetattr) {
                order.add("times set");
            } else if (request instanceof Tunlinkat) {
                removals.incrementAndGet();
                late.addAll(answers);
                answers.clear();
            } else if (request instanceof Tstatfs) {
                if (answers.addAll(late)) {
                    order.add("removed");
                }
                late.clear();
            }
            return answers;
        }
    }
}
