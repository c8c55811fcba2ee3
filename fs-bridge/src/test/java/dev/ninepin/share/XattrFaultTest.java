package dev.ninepin.share;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Rxattrcreate;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.p9.Txattrwalk;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of extended attributes with a server that lies about them, or returns fewer bytes than announced. */
@Timeout(60)
class XattrFaultTest {
    private static final Qid ROOT = new Qid(Qid.DIR, 0, 1);
    private static final int SAID = 10;

    /** The server's next replies, by attribute name. */
    private final Map<String, Queue<Answer>> scripts = new ConcurrentHashMap<>();

    /** The attribute values, by fid. */
    private final Map<Integer, byte[]> values = new ConcurrentHashMap<>();

    private ScriptedServer server;
    private Share share;

    /**
     * A reply to Txattrwalk.
     *
     * @param errno 0 for a value
     */
    private record Answer(int errno, String value) {}

    private static Answer value(final String text) {
        return new Answer(0, text);
    }

    private static Answer refusal(final int errno) {
        return new Answer(errno, "");
    }

    private void script(final String name, final Answer... answers) {
        scripts.put(name, new ConcurrentLinkedQueue<>(List.of(answers)));
    }

    @BeforeEach
    void open() throws IOException {
        server = ScriptedServer.start(this::serve);
        share = Share.open(
                Session.connect(StreamChannel.unix(server.socket()), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
    }

    @AfterEach
    void close() throws IOException {
        share.close();
        assertThat(share.session().fids().used()).isZero();
        server.close();
    }

    @ParameterizedTest
    @CsvSource({"user.endless, 7", "user.short, 5", "user.absent, 61", "user.unknown, 95"})
    void whatCannotBeBelievedIsAnErrno(final String name, final int errno) {
        assertErrno(errno, () -> share.getxattr(FileOperations.ROOT, ByteString.of(name), 65536));
    }

    @Test
    void noMemoryIsTakenForASizeThatIsALie() {
        assertErrno(Errno.E2BIG, () -> share.xattrSize(FileOperations.ROOT, ByteString.of("user.endless")));
    }

    @Test
    void oneFileWithoutAnswerIsNotAllFiles() throws IOException {
        assertErrno(Errno.EOPNOTSUPP, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.unknown"), 65536));
        // The list of names works all the same.
        assertThat(share.listxattr(FileOperations.ROOT, 100)).isEmpty();
        assertErrno(Errno.ENODATA, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.absent"), 65536));
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EOPNOTSUPP, Errno.ENOSYS})
    void aServerThatRefusesEvenTheRootsListIsAskedAgain(final int errno) throws IOException {
        script("", refusal(errno));
        assertErrno(Errno.EOPNOTSUPP, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.unknown"), 65536));
        assertErrno(Errno.EOPNOTSUPP, () -> share.listxattr(FileOperations.ROOT, 100));

        assertThat(share.listxattr(FileOperations.ROOT, 100)).isEmpty();
        assertErrno(Errno.ENODATA, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.absent"), 65536));
    }

    /** The reply of QEMU and diod to a read while the value grows on the server. */
    @Test
    void aValueThatGrowsWhileItIsReadIsAskedForAgain() throws IOException {
        script("user.name", refusal(Errno.ERANGE), refusal(Errno.ERANGE), value("longer"));
        assertThat(share.getxattr(FileOperations.ROOT, ByteString.of("user.name"), 6))
                .asString(UTF_8)
                .isEqualTo("longer");
        script("user.name", refusal(Errno.ERANGE), value("longer"));
        assertThat(share.xattrSize(FileOperations.ROOT, ByteString.of("user.name")))
                .isEqualTo(6);
    }

    /** QEMU pads the value with zeros to its previous size. */
    @Test
    void aValueThatShrinksWhileItIsReadIsAskedForAgain() throws IOException {
        script("user.name", value("foobar\0\0\0\0\0"), value("foobar"));
        assertThat(share.getxattr(FileOperations.ROOT, ByteString.of("user.name"), 100))
                .asString(UTF_8)
                .isEqualTo("foobar");
        script("", value("user.a\0\0\0"), value("user.a\0"));
        assertThat(share.listxattr(FileOperations.ROOT, 100)).asString(UTF_8).isEqualTo("user.a\0");
    }

    @Test
    void aValueThatEndsWithANulIsReadTwiceAndIsWhole() throws IOException {
        script("user.name", value("label\0"), value("label\0"));
        assertThat(share.getxattr(FileOperations.ROOT, ByteString.of("user.name"), 100))
                .asString(UTF_8)
                .isEqualTo("label\0");
    }

    @Test
    void aValueThatNeverSettlesIsAnError() {
        final Answer[] restless = new Answer[100];
        Arrays.setAll(restless, i -> value("v".repeat(i) + "\0"));
        script("user.name", restless);
        assertErrno(Errno.EIO, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.name"), 100));
        Arrays.fill(restless, refusal(Errno.ERANGE));
        script("user.name", restless);
        assertErrno(Errno.ERANGE, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.name"), 100));
    }

    @Test
    void aValueThatIsNotTakenIsAnError() {
        assertErrno(
                Errno.EIO,
                () -> share.setxattr(
                        new Caller(0, 0),
                        FileOperations.ROOT,
                        ByteString.of("user.name"),
                        ByteBuffer.wrap(new byte[SAID]),
                        0));
    }

    private static void assertErrno(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(e -> assertThat(Errno.of(e)).isEqualTo(errno));
    }

    private void serve(final SocketChannel client) throws IOException, ProtocolException {
        while (true) {
            final Frame request;
            try {
                request = ScriptedServer.receiveFrame(client);
            } catch (final ScriptedServer.ClientGoneException e) {
                return;
            }
            ScriptedServer.sendAll(client, ScriptedServer.frame(request.tag(), answer(request.message())));
        }
    }

    private Message answer(final Message request) {
        if (request instanceof Tversion version) {
            return new Rversion(version.msize(), version.version());
        } else if (request instanceof Tattach) {
            return new Rattach(ROOT);
        } else if (request instanceof Twalk) {
            return new Rwalk(List.of());
        } else if (request instanceof Tgetattr) {
            return new Rgetattr(AttrMask.BASIC, ROOT, 040755, 0, 0, 1, 0, 0, 4096, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0);
        } else if (request instanceof Txattrwalk walk) {
            final Answer scripted = scripts.getOrDefault(walk.name().toString(), new ConcurrentLinkedQueue<>())
                    .poll();
            if (scripted != null) {
                final byte[] value = scripted.value().getBytes(UTF_8);
                values.put(walk.newfid(), value);
                return scripted.errno() != 0 ? new Rlerror(scripted.errno()) : new Rxattrwalk(value.length);
            }
            return switch (walk.name().toString()) {
                case "" -> new Rxattrwalk(0);
                case "user.endless" -> new Rxattrwalk(-1);
                case "user.short" -> new Rxattrwalk(SAID);
                case "user.absent" -> new Rlerror(Errno.ENODATA);
                default -> new Rlerror(Errno.ENOSYS);
            };
        } else if (request instanceof Tread read) {
            final byte[] value = values.getOrDefault(read.fid(), new byte[SAID / 2]);
            final int from = (int) Math.min(read.offset(), value.length);
            return new Rread(ByteBuffer.wrap(value, from, value.length - from).slice());
        } else if (request instanceof Txattrcreate) {
            return new Rxattrcreate();
        } else if (request instanceof Twrite) {
            return new Rwrite(0);
        }
        if (request instanceof Tclunk clunk) {
            values.remove(clunk.fid());
            return new Rclunk();
        }
        return new Rlerror(Errno.EOPNOTSUPP);
    }
}
