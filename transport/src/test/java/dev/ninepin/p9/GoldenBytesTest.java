package dev.ninepin.p9;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests of the records against the bytes of a real exchange, which {@code exchange-with-diod.txt} lists field by field.
 */
class GoldenBytesTest {
    /**
     * The messages of the exchange, in order. diod 1.0.24 supports neither Tunlinkat nor Trenameat (95 is EOPNOTSUPP).
     */
    private static final List<Frame> EXCHANGE = List.of(
            new Frame(Frame.NOTAG, new Tversion(131096, ByteString.of("9P2000.L"))),
            new Frame(Frame.NOTAG, new Rversion(65536, ByteString.of("9P2000.L"))),
            new Frame(1, new Tattach(1, Tattach.NOFID, ByteString.of("root"), ByteString.of("/tmp/share"), 0)),
            new Frame(1, new Rattach(new Qid(Qid.DIR, 0, 2146981L))),
            new Frame(2, new Tstatfs(1)),
            new Frame(
                    2,
                    new Rstatfs(
                            0x1021997,
                            4096,
                            66053021,
                            60377199,
                            20921906,
                            16777216,
                            16369790,
                            0x7fcba41f7d02e9f3L,
                            255)),
            new Frame(3, new Twalk(1, 2, List.of(ByteString.of("file")))),
            new Frame(3, new Rwalk(List.of(new Qid(Qid.FILE, 0, 2146982L)))),
            new Frame(4, new Twalk(1, 3, List.of(ByteString.of("absent")))),
            new Frame(4, new Rlerror(2)),
            new Frame(5, new Tgetattr(2, 0x7ffL)),
            new Frame(
                    5,
                    new Rgetattr(
                            0x7ffL,
                            new Qid(Qid.FILE, 0, 2146982L),
                            0100644,
                            0,
                            0,
                            1,
                            0,
                            5,
                            4096,
                            8,
                            1795322814,
                            204355062,
                            1795322814,
                            208648634,
                            1795322814,
                            208648634,
                            0,
                            0,
                            0,
                            0)),
            new Frame(6, new Tlopen(2, 02)),
            new Frame(6, new Rlopen(new Qid(Qid.FILE, 0, 2146982L), 0)),
            new Frame(7, new Tread(2, 0, 4096)),
            new Frame(7, new Rread(bytes("hello"))),
            new Frame(8, new Twrite(2, 5, bytes(" world\n"))),
            new Frame(8, new Rwrite(7)),
            new Frame(9, new Tsetattr(2, 0x8, 0, 0, 0, 5, 0, 0, 0, 0)),
            new Frame(9, new Rsetattr()),
            new Frame(10, new Tfsync(2, 0)),
            new Frame(10, new Rfsync()),
            new Frame(11, new Tclunk(2)),
            new Frame(11, new Rclunk()),
            new Frame(14, new Treaddir(4, 0, 4096)),
            new Frame(
                    14,
                    new Rreaddir(entries(
                            new Dirent(new Qid(Qid.FILE, 0, 2146982L), 0x1efce248700a9a17L, 8, ByteString.of("file")),
                            new Dirent(new Qid(Qid.DIR, 0, 2146981L), 0x4debf9c1f6eda9a2L, 4, ByteString.of(".")),
                            new Dirent(
                                    new Qid(Qid.SYMLINK, 0, 2146983L), 0x583a64d73040ba1eL, 10, ByteString.of("link")),
                            new Dirent(new Qid(Qid.DIR, 0, 260072L), 0x7fffffffffffffffL, 4, ByteString.of(".."))))),
            new Frame(15, new Tsymlink(1, ByteString.of("s"), ByteString.of("file"), 0)),
            new Frame(15, new Rsymlink(new Qid(Qid.SYMLINK, 0, 2146985L))),
            new Frame(17, new Treadlink(5)),
            new Frame(17, new Rreadlink(ByteString.of("file"))),
            new Frame(18, new Tmkdir(1, ByteString.of("dir"), 0755, 0)),
            new Frame(18, new Rmkdir(new Qid(Qid.DIR, 0, 2146986L))),
            new Frame(19, new Tunlinkat(1, ByteString.of("dir"), 0x200)),
            new Frame(19, new Rlerror(95)),
            new Frame(20, new Trenameat(1, ByteString.of("s"), 1, ByteString.of("t"))),
            new Frame(20, new Rlerror(95)),
            new Frame(22, new Tlcreate(6, ByteString.of("new"), 02, 0644, 0)),
            new Frame(22, new Rlcreate(new Qid(Qid.FILE, 0, 2146987L), 0)),
            new Frame(23, new Tlink(1, 6, ByteString.of("hard"))),
            new Frame(23, new Rlink()),
            new Frame(24, new Tmknod(1, ByteString.of("fifo"), 010600, 0, 0, 0)),
            new Frame(24, new Rmknod(new Qid(Qid.FILE, 0, 2146988L))),
            new Frame(25, new Tlock(6, 1, 0, 0, 0, 7, ByteString.of("host"))),
            new Frame(25, new Rlock(0)),
            new Frame(26, new Tgetlock(6, 1, 0, 0, 7, ByteString.of("host"))),
            new Frame(26, new Rgetlock(2, 0, 0, 7, ByteString.of("host"))),
            new Frame(27, new Tflush(99)),
            new Frame(27, new Rflush()),
            new Frame(28, new Txattrwalk(6, 7, ByteString.of(""))),
            new Frame(28, new Rxattrwalk(0)),
            new Frame(29, new Trename(5, 1, ByteString.of("l2"))),
            new Frame(29, new Rrename()),
            new Frame(30, new Tremove(5)),
            new Frame(30, new Rremove()));

    /** The name and the bytes of one message, in hexadecimal. */
    private record Golden(String name, String hex) {}

    @Test
    void noMessageOfTheExchangeIsLeftOut() throws IOException {
        assertThat(goldens().stream().map(Golden::name))
                .containsExactlyElementsOf(EXCHANGE.stream()
                        .map(frame -> frame.message().messageType().notation())
                        .toList());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("exchange")
    void aRecordedMessageIsWrittenAndReadByteForByte(final String name, final String hex, final Frame frame)
            throws ProtocolException {
        final byte[] golden = HexFormat.of().parseHex(hex);
        final ByteBuffer written = ByteBuffer.allocate(Frame.sizeOf(frame.message()));
        frame.encode(written);

        assertThat(written.array()).isEqualTo(golden);
        assertThat(Frame.decode(ByteBuffer.wrap(golden))).isEqualTo(frame);
        assertThat(Frame.peekSize(ByteBuffer.wrap(golden))).isEqualTo(golden.length);
        assertThat(Frame.peekTag(ByteBuffer.wrap(golden))).isEqualTo(frame.tag());
        assertThat(Frame.peekType(ByteBuffer.wrap(golden)))
                .isEqualTo(frame.message().messageType().code());
    }

    /** The answer of nfs-ganesha 4.3 to a Twalk to a name that does not exist. */
    @Test
    void anErrorOfGaneshaHasAnErrno() throws ProtocolException {
        final byte[] golden = HexFormat.of().parseHex("0b0000006b020002000000");
        final ByteBuffer written = ByteBuffer.allocate(golden.length);
        new Frame(2, new Rerror(2)).encode(written);

        assertThat(written.array()).isEqualTo(golden);
        assertThat(Frame.decode(ByteBuffer.wrap(golden))).isEqualTo(new Frame(2, new Rerror(2)));
    }

    @Test
    void eachReplyFitsTheRoomThatItsRequestAskedFor() {
        for (int i = 0; i < EXCHANGE.size(); i += 2) {
            final Tmessage request = (Tmessage) EXCHANGE.get(i).message();
            assertThat(Frame.sizeOf(EXCHANGE.get(i + 1).message())).isLessThanOrEqualTo(request.replySize());
        }
    }

    @Test
    void theEntriesOfADirectoryAreReadInOrder() throws ProtocolException {
        final Rreaddir reply = EXCHANGE.stream()
                .map(Frame::message)
                .filter(Rreaddir.class::isInstance)
                .map(Rreaddir.class::cast)
                .findFirst()
                .orElseThrow();

        assertThat(Dirent.decodeAll(reply.data()).stream()
                        .map(entry -> entry.name().toString()))
                .containsExactly("file", ".", "link", "..");
    }

    static Stream<Arguments> exchange() throws IOException {
        final List<Golden> goldens = goldens();
        return IntStream.range(0, goldens.size())
                .mapToObj(
                        i -> Arguments.of(goldens.get(i).name(), goldens.get(i).hex(), EXCHANGE.get(i)));
    }

    private static List<Golden> goldens() throws IOException {
        final List<Golden> goldens = new ArrayList<>();
        try (InputStream text = GoldenBytesTest.class.getResourceAsStream("exchange-with-diod.txt")) {
            // The text before the first message is the file's own header.
            Arrays.stream(new String(text.readAllBytes(), UTF_8).split("\n== "))
                    .skip(1)
                    .forEach(section -> goldens.add(golden(section)));
        }
        return goldens;
    }

    private static Golden golden(final String section) {
        final List<String> lines = section.lines().toList();
        final String hex =
                lines.stream().skip(1).map(line -> line.replaceFirst(" .*", "")).collect(joining());
        return new Golden(lines.get(0), hex);
    }

    private static ByteBuffer bytes(final String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    private static ByteBuffer entries(final Dirent... entries) {
        final ByteBuffer data = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        for (final Dirent entry : entries) {
            entry.encode(data);
        }
        return data.flip();
    }
}
