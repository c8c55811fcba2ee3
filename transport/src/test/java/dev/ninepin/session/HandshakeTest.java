package dev.ninepin.session;

import static dev.ninepin.testing.ScriptedServer.attend;
import static dev.ninepin.testing.ScriptedServer.awaitEnd;
import static dev.ninepin.testing.ScriptedServer.frame;
import static dev.ninepin.testing.ScriptedServer.receiveFrame;
import static dev.ninepin.testing.ScriptedServer.sendAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.testing.Leftovers;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the handshake with servers that behave in different ways, including wrong ones. */
@Timeout(60)
class HandshakeTest {
    private static final int EOVERFLOW = 75;
    private static final SessionOptions OPTIONS = SessionOptions.defaults(0);

    @Test
    void aServerThatSpeaksAnotherVersionIsRefusedByName() throws Exception {
        try (ScriptedServer server = answering(new Rversion(8192, ByteString.of("unknown")))) {
            assertThatThrownBy(() -> connect(server, OPTIONS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("does not support 9P2000.L")
                    .hasMessageContaining("\"unknown\"");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4095, 131097, -1})
    void anMsizeThatCannotBeIsRefused(final int msize) throws Exception {
        try (ScriptedServer server = answering(new Rversion(msize, Tversion.VERSION_9P2000_L))) {
            assertThatThrownBy(() -> connect(server, OPTIONS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("msize of " + Integer.toUnsignedString(msize) + " bytes");
        }
    }

    @Test
    void aServerThatRefusesAnMsizeIsAskedForLessUntilItAgrees() throws Exception {
        final List<Integer> asked = new CopyOnWriteArrayList<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    int msize;
                    do {
                        final Tversion version = (Tversion) receiveFrame(client).message();
                        msize = version.msize();
                        asked.add(msize);
                        final Rmessage answer =
                                msize > 8192 ? new Rlerror(EOVERFLOW) : new Rversion(msize, version.version());
                        sendAll(client, frame(Frame.NOTAG, answer));
                    } while (msize > 8192);
                    sendAll(client, frame(receiveFrame(client).tag(), new Rattach(new Qid(Qid.DIR, 0, 1))));
                    attend(client);
                });
                Session session = connect(server, impatient())) {
            assertThat(asked).containsExactly(131096, 65548, 32774, 16387, 8193, 4096);
            assertThat(session.msize()).isEqualTo(4096);
        }
    }

    /** Repeated, because two threads race: one sends the next Tversion while the other completes the last one. */
    @RepeatedTest(50)
    void aServerThatRefusesEveryMsizeIsGivenUp() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            for (int i = 0; i < 6; i++) {
                receiveFrame(client);
                sendAll(client, frame(Frame.NOTAG, new Rlerror(EOVERFLOW)));
            }
            awaitEnd(client);
        })) {
            assertThatThrownBy(() -> connect(server, OPTIONS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("131096 down to 4096");
        }
    }

    @Test
    void aServerThatSaysNothingIsNotWaitedForLong() throws Exception {
        final Leftovers before = Leftovers.now();
        try (ScriptedServer server = ScriptedServer.start(ScriptedServer::awaitEnd)) {
            assertThatThrownBy(() -> connect(server, impatient()))
                    .isInstanceOf(RequestTimeoutException.class)
                    .hasMessageContaining("Tversion")
                    .hasMessageContaining("0.3 s");
        }
        before.awaitNothingNew();
    }

    @Test
    void aServerThatRefusesToAttachIsQuoted() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            final Tversion version = (Tversion) receiveFrame(client).message();
            sendAll(client, frame(Frame.NOTAG, new Rversion(version.msize(), version.version())));
            sendAll(client, frame(receiveFrame(client).tag(), new Rlerror(13)));
            awaitEnd(client);
        })) {
            assertThatThrownBy(() -> connect(server, OPTIONS.withAname(ByteString.of("/srv"))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("\"/srv\"")
                    .hasMessageContaining("errno 13");
        }
    }

    @Test
    void aServerThatHangsUpIsAnErrorThatNamesIt() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(ScriptedServer::receiveFrame)) {
            assertThatThrownBy(() -> connect(server, OPTIONS))
                    .isInstanceOf(SessionEndedException.class)
                    .hasMessageContaining(server.socket().toString());
        }
    }

    private static ScriptedServer answering(final Rversion answer) throws IOException {
        return ScriptedServer.start(client -> {
            receiveFrame(client);
            sendAll(client, frame(Frame.NOTAG, answer));
            awaitEnd(client);
        });
    }

    private static SessionOptions impatient() {
        return OPTIONS.withRequestTimeout(Duration.ofMillis(300));
    }

    private static Session connect(final ScriptedServer server, final SessionOptions options) throws IOException {
        return Session.connect(StreamChannel.unix(server.socket()), options);
    }
}
