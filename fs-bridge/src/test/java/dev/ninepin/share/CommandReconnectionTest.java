package dev.ninepin.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests of a share whose server is a command that ends and is started again. */
class CommandReconnectionTest extends ShareFixture {
    /** A diod on pipes, which starts and ends with its channel. */
    private record Command(Path export) implements RealServer {
        @Override
        public ServerKind kind() {
            return ServerKind.DIOD_UNIX;
        }

        @Override
        public Channel connect(final int maxMessageSize) throws IOException {
            return StreamChannel.exec(DiodServer.commandOnPipes(export));
        }

        @Override
        public ByteString aname() {
            return DiodServer.aname(export);
        }

        private static List<ProcessHandle> running() {
            return ProcessHandle.current()
                    .descendants()
                    .filter(each -> each.info().command().orElse("").endsWith("/diod"))
                    .toList();
        }

        @Override
        public ProcessHandle process() {
            return running().get(0);
        }

        @Override
        public void kill() {
            final ProcessHandle server = process();
            server.destroyForcibly();
            assertThat(server.onExit()).succeedsWithin(Duration.ofSeconds(20));
        }

        @Override
        public void close() {
            // The command ends with its channel.
        }
    }

    @Override
    protected RealServer start(final Path directory) {
        return new Command(directory);
    }

    @Override
    protected Session connect(final SessionOptions options) throws IOException {
        return connectAgainAndAgain(options, new Cuts());
    }

    @Override
    protected Share open(final ShareOptions options) throws IOException {
        return super.open(options.withCache(CacheMode.OPEN));
    }

    @Test
    void aCommandThatEndedIsStartedAgainAndFilesStayOpen() throws Exception {
        Files.writeString(export.resolve("file"), "contents");
        final long handle = share.open(lookup("file"), OpenFlags.RDWR, NO_KERNEL);
        for (int round = 1; round <= 3; round++) {
            server.kill();
            assertThat(text(handle)).isEqualTo("contents");
            final int number = round;
            await().until(() -> session.connection() == number);
        }
        share.release(handle);
        assertThat(Command.running()).hasSize(1);
    }

    @Test
    void dataThatTheServersHostMayHaveForgottenFailsOneSync() throws Exception {
        final long handle = counted(
                        share.create(me, FileOperations.ROOT, name("file"), OpenFlags.RDWR, 0644, NO_KERNEL))
                .handle();
        write(handle, 0, "synced", OpenFlags.RDWR);
        share.fsync(handle, false);
        server.kill();
        share.fsync(handle, false);

        write(handle, 6, ", not synced", OpenFlags.RDWR);
        share.flush(handle, 1);
        server.kill();
        assertErrno(Errno.EIO, () -> share.fsync(handle, false));
        share.fsync(handle, false);
        assertThat(text(handle)).isEqualTo("synced, not synced");
        share.release(handle);
    }

    @Test
    void eachDescriptorIsToldOnceThatTheServerMayHaveForgotten() throws Exception {
        final long handle = create(FileOperations.ROOT, "file", OpenFlags.RDWR).handle();
        final long other = share.open(lookup("file"), OpenFlags.RDWR, NO_KERNEL);
        write(handle, 0, "not synced", OpenFlags.RDWR);
        share.flush(handle, 1);
        server.kill();

        assertErrno(Errno.EIO, () -> share.fsync(handle, false));
        final long later = share.open(lookup("file"), OpenFlags.RDWR, NO_KERNEL);
        assertErrno(Errno.EIO, () -> share.fsync(other, false));
        for (final long each : new long[] {handle, other, later}) {
            write(each, 0, "again", OpenFlags.RDWR);
            share.fsync(each, false);
            share.release(each);
        }
    }

    @Test
    void changesOfNamesAndAttributesAreForgottenToo() throws Exception {
        final long directory = mkdir(FileOperations.ROOT, "directory");
        final long file = file(directory, "file", new byte[1]);
        final long handle = share.open(file, OpenFlags.RDWR, NO_KERNEL);
        final long listing = share.opendir(directory);
        share.fsync(handle, false);
        share.fsyncdir(listing, false);
        server.kill();
        share.fsync(handle, false);
        share.fsyncdir(listing, false);

        share.setattr(file, mode(0600));
        share.rename(directory, name("file"), directory, name("renamed"));
        server.kill();
        assertErrno(Errno.EIO, () -> share.fsync(handle, false));
        assertErrno(Errno.EIO, () -> share.fsyncdir(listing, false));
        share.fsync(handle, false);
        share.fsyncdir(listing, false);
        share.releasedir(listing);
        share.release(handle);
    }
}
