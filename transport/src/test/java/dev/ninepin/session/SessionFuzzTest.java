package dev.ninepin.session;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.ninepin.channel.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/**
 * A server on a socket that says whatever bytes it likes, and hangs up: a session fails by an IOException, whatever they
 * are, is over soon, and can be closed. Without JAZZER_FUZZ=1 only the seeds and findings that are checked in are tried.
 */
class SessionFuzzTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final SessionOptions OPTIONS =
            SessionOptions.defaults(0).withMsize(8192).withRequestTimeout(Duration.ofSeconds(10));

    /** Each of many thousand sessions would tell of its end. */
    @BeforeAll
    static void quiet() {
        log().setLevel(Level.WARN);
    }

    @AfterAll
    static void asBefore() {
        log().setLevel(null);
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("dev.ninepin");
    }

    @FuzzTest(maxDuration = "2m")
    void aServerThatSaysAnythingFromTheStart(final byte[] bytes) throws Exception {
        try (ScriptedServer server = ScriptedServer.saying(ByteBuffer.wrap(bytes))) {
            assertTimeoutPreemptively(LIMIT, () -> use(server));
        }
    }

    @FuzzTest(maxDuration = "2m")
    void aServerThatSaysAnythingOnceItHasLetTheClientIn(final byte[] bytes) throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            ScriptedServer.welcome(client);
            sendQuietly(client, bytes);
        })) {
            assertTimeoutPreemptively(LIMIT, () -> use(server));
        }
    }

    private static void sendQuietly(final SocketChannel client, final byte[] bytes) {
        try {
            ScriptedServer.sendAll(client, ByteBuffer.wrap(bytes));
        } catch (final IOException e) {
            // The client may have seen enough, and hung up.
        }
    }

    /** One request of each kind of answer, all at once; what they bring is not of interest, only that they end. */
    private static void use(final ScriptedServer server) {
        try (Session session = Session.connect(StreamChannel.unix(server.socket()), OPTIONS)) {
            final List<Call<?>> calls = List.of(
                    session.getattr(0, 0x7ff),
                    session.walk(0, 1, List.of(ByteString.of("a"), ByteString.of("b"))),
                    session.readdir(2, 0, 4000),
                    session.read(3, 0, 4000),
                    session.write(4, 0, ByteBuffer.allocate(10)),
                    session.readlink(5),
                    session.statfs(6),
                    session.xattrwalk(7, 8, ByteString.of("user.a")),
                    session.lopen(9, 0));
            for (final Call<?> call : calls) {
                end(call);
            }
        } catch (final IOException e) {
            // As it should be: no bytes of these are a session.
        }
    }

    private static void end(final Call<?> call) {
        try {
            if (call.await() instanceof ReadReply read) {
                read.close();
            }
        } catch (final IOException e) {
            // As above.
        }
    }
}
