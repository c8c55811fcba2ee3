package dev.ninepin.p9;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The seeds of the fuzz tests: a real message of each type. With {@code -Dninepin.writeSeeds=true}, missing seeds are
 * written.
 */
class FuzzSeedsTest {
    private static final Path INPUTS = Path.of("src/test/resources/dev/ninepin");
    private static final Path SEEDS =
            INPUTS.resolve("p9/DecodersFuzzTestInputs/bytesOfTheSizeThatTheySayAreAMessageOrRefused");

    @ParameterizedTest
    @EnumSource
    void everyTypeOfMessageHasASeed(final MessageType type) throws IOException, ProtocolException {
        final Path seed = SEEDS.resolve(type.notation());
        if (Boolean.getBoolean("ninepin.writeSeeds") && !Files.exists(seed)) {
            Files.createDirectories(SEEDS);
            Files.write(seed, example(type));
        }
        final Frame frame = Frame.decode(ByteBuffer.wrap(Files.readAllBytes(seed)));
        assertThat(frame.message()).isInstanceOf(type.record());
    }

    /**
     * The answers are in the order in which the session's fuzz test sends its requests, with the tags that a session
     * assigns.
     */
    @Test
    void aSessionHasSeedsOfTrueAnswers() throws IOException, ProtocolException {
        final ByteBuffer welcome = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        new Frame(Frame.NOTAG, new Rversion(8192, Tversion.VERSION_9P2000_L)).encode(welcome);
        new Frame(0, new Rattach(new Qid(Qid.DIR, 0, 1))).encode(welcome);
        final ByteBuffer answers = ByteBuffer.allocate(2000).order(ByteOrder.LITTLE_ENDIAN);
        int tag = 0;
        for (final MessageType type : List.of(
                MessageType.RGETATTR,
                MessageType.RWALK,
                MessageType.RREADDIR,
                MessageType.RREAD,
                MessageType.RWRITE,
                MessageType.RREADLINK,
                MessageType.RSTATFS,
                MessageType.RXATTRWALK,
                MessageType.RLERROR)) {
            final Frame answer = Frame.decode(ByteBuffer.wrap(example(type)));
            new Frame(tag, answer.message()).encode(answers);
            tag++;
        }
        final Path inputs = INPUTS.resolve("session/SessionFuzzTestInputs");
        final ByteBuffer all = ByteBuffer.allocate(2100)
                .put(welcome.flip().duplicate())
                .put(answers.flip().duplicate());
        keep(inputs.resolve("aServerThatSaysAnythingFromTheStart/answers"), all.flip());
        keep(inputs.resolve("aServerThatSaysAnythingOnceItHasLetTheClientIn/answers"), answers);
    }

    private static void keep(final Path seed, final ByteBuffer bytes) throws IOException {
        final byte[] expected = new byte[bytes.remaining()];
        bytes.get(expected);
        if (Boolean.getBoolean("ninepin.writeSeeds") && !Files.exists(seed)) {
            Files.createDirectories(seed.getParent());
            Files.write(seed, expected);
        }
        assertThat(seed).hasBinaryContent(expected);
    }

    private static byte[] example(final MessageType type) {
        final Message message = type == MessageType.RREADDIR ? new Rreaddir(entries()) : Messages.example(type);
        final ByteBuffer bytes = ByteBuffer.allocate(Frame.sizeOf(message));
        new Frame(type.code(), message).encode(bytes);
        return bytes.array();
    }

    private static ByteBuffer entries() {
        final ByteBuffer entries = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
        new Dirent(new Qid(Qid.DIR, 0, 1), 1, 4, ByteString.of(".")).encode(entries);
        new Dirent(new Qid(Qid.FILE, 3, 2), 0x7fffffffffffL, 8, ByteString.of("a file")).encode(entries);
        new Dirent(new Qid(Qid.SYMLINK, 0, 3), Long.MAX_VALUE, 10, ByteString.of("link")).encode(entries);
        return entries.flip();
    }
}
