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
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
    void unsyncedDataThatIsStillThereIsSynced() throws Exception {
        final long handle = create(FileOperations.ROOT, "file", OpenFlags.RDWR).handle();
        for (int round = 0; round < 3; round++) {
            write(handle, 20L * round, "not synced", OpenFlags.RDWR);
            share.flush(handle, 1);
            server.kill();
            share.fsync(handle, false);
        }
        share.release(handle);
    }

    @Test
    void eachDescriptorIsToldOnceThatDataIsLost() throws Exception {
        final long handle = create(FileOperations.ROOT, "file", OpenFlags.RDWR).handle();
        final long other = share.open(lookup("file"), OpenFlags.RDWR, NO_KERNEL);
        write(handle, 0, "not synced", OpenFlags.RDWR);
        share.flush(handle, 1);
        Files.writeString(export.resolve("file"), "not");
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
    void changesOfAttributesAreCompared() throws Exception {
        final long file = file(FileOperations.ROOT, "file", new byte[1]);
        final long handle = share.open(file, OpenFlags.RDWR, NO_KERNEL);
        share.setattr(file, mode(0600));
        server.kill();
        share.fsync(handle, false);

        share.setattr(file, mode(0640));
        Files.setPosixFilePermissions(export.resolve("file"), PosixFilePermissions.fromString("rw-------"));
        server.kill();
        assertErrno(Errno.EIO, () -> share.fsync(handle, false));
        share.fsync(handle, false);
        share.release(handle);
    }

    /** The changes of the names in a directory. */
    private enum NameChange {
        MKDIR,
        MKNOD,
        SYMLINK,
        CREATE,
        LINK,
        RENAME,
        UNLINK;

        void make(final CommandReconnectionTest test, final long directory) throws IOException {
            final ByteString made = ByteString.of("made");
            switch (this) {
                case MKDIR -> test.mkdir(directory, "made");
                case MKNOD -> test.counted(test.share.mknod(test.me, directory, made, 0010644, 0));
                case SYMLINK -> test.counted(test.share.symlink(test.me, directory, made, ByteString.of("target")));
                case CREATE ->
                    test.share.release(
                            test.create(directory, "made", OpenFlags.RDWR).handle());
                case LINK -> test.counted(test.share.link(test.lookup("directory/old"), directory, made));
                case RENAME -> test.share.rename(directory, ByteString.of("old"), directory, made);
                default -> test.share.unlink(directory, ByteString.of("old"));
            }
        }

        /** Makes the directory as it is if the server has lost the change. */
        void lose(final Path directory) throws IOException {
            if (this != UNLINK) {
                Files.delete(directory.resolve("made"));
            }
            if (this == RENAME || this == UNLINK) {
                Files.writeString(directory.resolve("old"), "contents");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void changesOfNamesAreCompared(final NameChange change) throws Exception {
        final long directory = mkdir(FileOperations.ROOT, "directory");
        file(directory, "old", new byte[1]);
        final long listing = share.opendir(directory);
        share.fsyncdir(listing, false);
        change.make(this, directory);
        server.kill();
        share.fsyncdir(listing, false);
        server.kill();
        share.fsyncdir(listing, false);
        share.releasedir(listing);
    }

    @ParameterizedTest
    @EnumSource
    void changesOfNamesThatAreLostFailOneSync(final NameChange change) throws Exception {
        final long directory = mkdir(FileOperations.ROOT, "directory");
        file(directory, "old", new byte[1]);
        final long listing = share.opendir(directory);
        share.fsyncdir(listing, false);
        change.make(this, directory);
        change.lose(export.resolve("directory"));
        server.kill();
        assertErrno(Errno.EIO, () -> share.fsyncdir(listing, false));
        share.fsyncdir(listing, false);
        share.releasedir(listing);
    }
}
