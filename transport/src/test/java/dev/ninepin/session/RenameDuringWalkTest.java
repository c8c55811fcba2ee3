package dev.ninepin.session;

import static dev.ninepin.testing.ScriptedServer.attend;
import static dev.ninepin.testing.ScriptedServer.frame;
import static dev.ninepin.testing.ScriptedServer.receiveFrame;
import static dev.ninepin.testing.ScriptedServer.sendAll;
import static dev.ninepin.testing.ScriptedServer.welcome;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.ScriptedServer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Tests of a file that is renamed just while its fid is being made. A real server cannot be stopped at this moment. */
class RenameDuringWalkTest {
    private static final Qid FILE = new Qid(Qid.FILE, 0, 2);
    private static final ByteString OLD = ByteString.of("old");
    private static final ByteString NEW = ByteString.of("new");

    @Test
    void theFidOnTheOldPathIsClunkedAndOneMadeOnTheNewPath() throws Exception {
        final CountDownLatch walking = new CountDownLatch(1);
        final CountDownLatch renamed = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame first = receiveFrame(client);
                    assertThat(((Twalk) first.message()).names()).containsExactly(OLD);
                    walking.countDown();
                    renamed.await();
                    sendAll(client, frame(first.tag(), new Rwalk(List.of(FILE))));
                    final Frame clunk = receiveFrame(client);
                    assertThat(((Tclunk) clunk.message()).fid()).isEqualTo(((Twalk) first.message()).newfid());
                    sendAll(client, frame(clunk.tag(), new Rclunk()));
                    final Frame second = receiveFrame(client);
                    assertThat(((Twalk) second.message()).names()).containsExactly(NEW);
                    sendAll(client, frame(second.tag(), new Rwalk(List.of(FILE))));
                    attend(client);
                });
                Session session = Session.connect(StreamChannel.unix(server.socket()), SessionOptions.defaults(0))) {
            final FidTable fids = session.fids();
            final PathFid path = fids.newPath(fids.root(), OLD, FILE);
            try (BackgroundCall<Void> use = BackgroundCall.start("use", () -> {
                fids.lease(path).close();
                return null;
            })) {
                walking.await();
                fids.setPath(path, fids.root(), NEW);
                renamed.countDown();
                use.result();
            }
        }
    }
}
