package dev.ninepin.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.StreamChannel;
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
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Extended attributes of a server that lies about them, or gives less than it said. */
@Timeout(60)
class XattrFaultTest {
    private static final Qid ROOT = new Qid(Qid.DIR, 0, 1);
    private static final int SAID = 10;

    private ScriptedServer server;
    private Share share;

    @BeforeEach
    void open() throws IOException {
        server = ScriptedServer.start(XattrFaultTest::serve);
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
        // The list is there, though.
        assertThat(share.listxattr(FileOperations.ROOT, 100)).isEmpty();
        assertErrno(Errno.ENODATA, () -> share.getxattr(FileOperations.ROOT, ByteString.of("user.absent"), 65536));
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

    private static void serve(final SocketChannel client) throws IOException, ProtocolException {
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

    private static Message answer(final Message request) {
        if (request instanceof Tversion version) {
            return new Rversion(version.msize(), version.version());
        } else if (request instanceof Tattach) {
            return new Rattach(ROOT);
        } else if (request instanceof Twalk) {
            return new Rwalk(List.of());
        } else if (request instanceof Tgetattr) {
            return new Rgetattr(AttrMask.BASIC, ROOT, 040755, 0, 0, 1, 0, 0, 4096, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0);
        } else if (request instanceof Txattrwalk walk) {
            return switch (walk.name().toString()) {
                case "" -> new Rxattrwalk(0);
                case "user.endless" -> new Rxattrwalk(-1);
                case "user.short" -> new Rxattrwalk(SAID);
                case "user.absent" -> new Rlerror(Errno.ENODATA);
                default -> new Rlerror(Errno.ENOSYS);
            };
        } else if (request instanceof Tread read) {
            return new Rread(ByteBuffer.allocate(read.offset() == 0 ? SAID / 2 : 0));
        } else if (request instanceof Txattrcreate) {
            return new Rxattrcreate();
        } else if (request instanceof Twrite) {
            return new Rwrite(0);
        }
        return request instanceof Tclunk ? new Rclunk() : new Rlerror(Errno.EOPNOTSUPP);
    }
}
