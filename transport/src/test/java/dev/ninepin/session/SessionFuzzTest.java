package dev.ninepin.session;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
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
 * Fuzz test with a server on a socket that sends arbitrary bytes and hangs up. Whatever the bytes, the session must
 * fail with an IOException, end soon, and be closable. Without JAZZER_FUZZ=1, only the checked-in seeds and findings
 * are run.
 */
class SessionFuzzTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final SessionOptions OPTIONS =
            SessionOptions.defaults(0).withMsize(8192).withRequestTimeout(Duration.ofSeconds(10));

    /** Silences the log, because each of many thousand sessions would report its end. */
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
            // The client may have read enough and hung up.
        }
    }

    /** Sends one request for each kind of reply, all at once. Their results do not matter, only that each call ends. */
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
            // Expected: these bytes do not form a complete session.
        }
    }

    private static void end(final Call<?> call) {
        try {
            if (call.await() instanceof ReadReply read) {
                read.close();
            }
        } catch (final IOException e) {
            // Expected, as above.
        }
    }
}
