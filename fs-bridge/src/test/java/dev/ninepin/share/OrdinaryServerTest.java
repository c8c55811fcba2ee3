package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Tests of I/O on descriptors with a server that runs as an ordinary user, so that its kernel checks the mode bits.
 * What a descriptor may do was decided when it was opened, and must not change with the mode.
 */
class OrdinaryServerTest extends ShareFixture {
    @Override
    protected RealServer start(final Path directory) {
        return new WithoutCapabilities(directory);
    }

    private Created createReadOnly(final int flags) throws IOException {
        return counted(share.create(me, ROOT, name("file"), flags, 0444, NO_KERNEL));
    }

    @Test
    void aFileThatIsMadeReadOnlyCanBeTruncatedOverItsDescriptor() throws IOException {
        final Created file = createReadOnly(OpenFlags.RDWR);
        write(file.handle(), 0, "content", OpenFlags.RDWR);

        assertThat(share.setattrOfOpen(file.handle(), size(1000)).size()).isEqualTo(1000);
        final Attributes shorter = share.setattrOfOpen(file.handle(), size(3));

        assertThat(shorter.size()).isEqualTo(3);
        assertThat(shorter.mode() & 07777).isEqualTo(0444);
        assertThat(Files.readString(export.resolve("file"))).isEqualTo("con");
        share.release(file.handle());
    }

    @Test
    void aFileThatIsReadOnlyCanNotBeTruncatedByItsPath() throws IOException {
        final Created file = createReadOnly(OpenFlags.RDWR);
        share.release(file.handle());

        assertErrno(Errno.EACCES, () -> share.setattr(file.entry().node(), size(0)));
    }

    @Test
    void aDescriptorThatOnlyReadsDoesNotTruncate() throws IOException {
        final Created file = createReadOnly(OpenFlags.RDONLY);

        assertErrno(Errno.EACCES, () -> share.setattrOfOpen(file.handle(), size(10)));
        share.release(file.handle());
    }

    @Test
    void aPageOfAFileThatWasMadeReadOnlyToAppendIsWrittenBack() throws IOException {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        final Created file = createReadOnly(flags);
        write(file.handle(), 0, "appended", flags);

        share.write(file.handle(), 0, ByteBuffer.wrap("PAGE".getBytes(UTF_8)), OpenFlags.RDWR);

        assertThat(Files.readString(export.resolve("file"))).isEqualTo("PAGEnded");
        assertThat(share.getattr(file.entry().node()).mode() & 07777).isEqualTo(0444);
        share.release(file.handle());
    }

    @Test
    void aModeThatChangesMeanwhileStays() throws IOException {
        final Created file = createReadOnly(OpenFlags.RDWR);
        share.setattr(file.entry().node(), mode(0400));

        share.setattrOfOpen(file.handle(), size(10));

        assertThat(share.getattr(file.entry().node()).mode() & 07777).isEqualTo(0400);
        share.release(file.handle());
    }

    /** A server that starts one diod for each channel, as root without the capabilities that override the mode bits. */
    private record WithoutCapabilities(Path export) implements RealServer {
        @Override
        public Channel connect(final int maxMessageSize) throws IOException {
            final List<String> command =
                    new ArrayList<>(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"));
            command.addAll(DiodServer.commandOnPipes(export));
            return StreamChannel.exec(command);
        }

        @Override
        public ByteString aname() {
            return DiodServer.aname(export);
        }

        @Override
        public ServerKind kind() {
            return ServerKind.DIOD_UNIX;
        }

        @Override
        public ProcessHandle process() {
            throw new UnsupportedOperationException("each channel has a process");
        }

        @Override
        public void kill() {
            throw new UnsupportedOperationException("it ends with its channel");
        }

        @Override
        public void close() {
            // The server ends with its channel.
        }
    }
}
