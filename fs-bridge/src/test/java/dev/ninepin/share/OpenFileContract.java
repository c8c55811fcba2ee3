package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tread;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Leftovers;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tests of open files, run with each server: their data, and their fate when their names are removed. */
abstract class OpenFileContract extends ShareFixture {
    private static final int MIB = 1 << 20;
    private static final int APPEND = OpenFlags.WRONLY | OpenFlags.APPEND;

    @Test
    void whatIsWrittenIsRead() throws IOException {
        final byte[] data = random(3 * MIB + 17);
        final Created file = create(ROOT, "file", OpenFlags.RDWR);

        assertThat(share.write(file.handle(), 0, ByteBuffer.wrap(data), OpenFlags.RDWR))
                .isEqualTo(data.length);
        share.fsync(file.handle(), true);
        share.fsync(file.handle(), false);

        assertThat(read(file.handle(), 0, data.length + 1)).isEqualTo(data);
        assertThat(read(file.handle(), 5, MIB)).isEqualTo(Arrays.copyOfRange(data, 5, 5 + MIB));
        assertThat(read(file.handle(), data.length - 3, 100))
                .isEqualTo(Arrays.copyOfRange(data, data.length - 3, data.length));
        assertThat(read(file.handle(), data.length, 100)).isEmpty();
        assertThat(read(file.handle(), data.length + 1000L, MIB)).isEmpty();
        share.release(file.handle());
        assertThat(Files.readAllBytes(export.resolve("file"))).isEqualTo(data);
    }

    @Test
    void dataIsTheSameFromDirectBuffersAndAtEveryOffset() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        final byte[] expected = new byte[300_000];
        final Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            final int offset = random.nextInt(200_000);
            final byte[] part = random(random.nextInt(100_000));
            final ByteBuffer direct = ByteBuffer.allocateDirect(part.length + 7).position(3);
            direct.put(part).flip().position(3);
            assertThat(share.write(file.handle(), offset, direct, OpenFlags.RDWR))
                    .isEqualTo(part.length);
            System.arraycopy(part, 0, expected, offset, part.length);
        }
        share.setattr(file.entry().node(), size(expected.length));

        assertThat(read(file.handle(), 0, expected.length)).isEqualTo(expected);
        share.release(file.handle());
    }

    @Test
    void noBlockComesInTwoPiecesWhereAMessageHasRoomForIt() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        share.write(file.handle(), 0, ByteBuffer.allocate(MIB), OpenFlags.RDWR);
        final int before = channel.reads().size();

        assertThat(read(file.handle(), 4096, 300_000)).hasSize(300_000);

        final List<Tread> reads = channel.reads();
        assertThat(reads.subList(before, reads.size()))
                .hasSizeGreaterThan(1)
                .allMatch(read -> session.maxIo() < 4096 || read.offset() % 4096 == 0);
        share.release(file.handle());
    }

    @Test
    void aFileBeyond4GibIsSparse() throws IOException {
        final long far = 5L << 30;
        final Created file = create(ROOT, "file", OpenFlags.RDWR);

        assertThat(write(file.handle(), far, "far", OpenFlags.RDWR)).isEqualTo(3);

        assertThat(share.getattr(file.entry().node()).size()).isEqualTo(far + 3);
        // nfs-ganesha reports the number of blocks that the file would have without holes.
        assertThat(share.getattr(file.entry().node()).blocks())
                .isLessThanOrEqualTo(server.kind() == ServerKind.GANESHA ? (far + 3) / 512 : 1000);
        assertThat(new String(read(file.handle(), far, 10), UTF_8)).isEqualTo("far");
        assertThat(read(file.handle(), far - 100, 50)).containsOnly(0);
        share.setattr(file.entry().node(), size(far + 1));
        assertThat(new String(read(file.handle(), far, 10), UTF_8)).isEqualTo("f");
        share.release(file.handle());
    }

    @Test
    void theFlagsOfOpenAreKept() throws IOException {
        final long node = file(ROOT, "file", "data".getBytes(UTF_8));

        final long reader = share.open(node, OpenFlags.RDONLY, NO_KERNEL);
        final long writer = share.open(node, OpenFlags.WRONLY, NO_KERNEL);

        // nfs-ganesha leaves this check to the client's kernel.
        if (server.kind() != ServerKind.GANESHA) {
            assertErrno(Errno.EBADF, () -> write(reader, 0, "x", OpenFlags.RDONLY));
            assertErrno(Errno.EBADF, () -> read(writer, 0, 1));
        }
        assertThat(text(reader)).isEqualTo("data");
        share.release(reader);
        share.release(writer);
        assertErrno(Errno.EBADF, () -> share.release(reader));
        assertErrno(Errno.EBADF, () -> read(reader, 0, 1));
    }

    @Test
    void createOpensWhatIsThereUnlessItMayNot() throws IOException {
        final long node = file(ROOT, "file", "data".getBytes(UTF_8));

        final Created again = create(ROOT, "file", OpenFlags.RDWR);
        assertThat(again.entry().node()).isEqualTo(node);
        assertThat(text(again.handle())).isEqualTo("data");
        assertErrno(Errno.EEXIST, () -> create(ROOT, "file", OpenFlags.RDWR | OpenFlags.EXCL));

        final Created truncated = create(ROOT, "file", OpenFlags.RDWR | OpenFlags.TRUNC);
        assertThat(truncated.entry().attributes().size()).isZero();
        assertThat(text(again.handle())).isEmpty();
        share.release(again.handle());
        share.release(truncated.handle());
    }

    /**
     * ESTALE makes the kernel look the file up again and check it. It takes a file from a create for new, and does not
     * check it.
     */
    @Test
    void createHasTheKernelLookAtAFileThatIsAnothersOrHasSetIdBitsToLose() throws IOException {
        final long node = file(ROOT, "file", "data".getBytes(UTF_8));
        final Caller other = new Caller(me.uid() + 1, me.gid());

        assertErrno(
                Errno.ESTALE,
                () -> counted(share.create(other, ROOT, name("file"), OpenFlags.RDONLY, 0644, NO_KERNEL)));
        share.setattr(node, AttributeChange.mode(04755));
        assertErrno(Errno.ESTALE, () -> create(ROOT, "file", OpenFlags.RDWR | OpenFlags.TRUNC));

        assertThat(share.getattr(node).size()).isEqualTo(4);
        final Created own = create(ROOT, "file", OpenFlags.RDWR);
        assertThat(text(own.handle())).isEqualTo("data");
        share.release(own.handle());
    }

    @Test
    void createOpensNothingButFiles() throws IOException {
        mkdir(ROOT, "directory");
        counted(share.symlink(me, ROOT, name("link"), name("target")));

        assertErrno(Errno.EISDIR, () -> create(ROOT, "directory", OpenFlags.RDWR));
        // The kernel then looks again, and follows the link itself.
        assertErrno(Errno.ESTALE, () -> create(ROOT, "link", OpenFlags.RDWR));
    }

    @Test
    void manyWhoCreateOneFileAllGetIt() throws Exception {
        for (int round = 0; round < 10; round++) {
            final String name = "file" + round;
            final List<BackgroundCall<Created>> creators = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                creators.add(BackgroundCall.start("creator " + i, () -> create(ROOT, name, OpenFlags.RDWR)));
            }
            final List<Long> nodes = new ArrayList<>();
            for (final BackgroundCall<Created> creator : creators) {
                nodes.add(creator.result().entry().node());
                share.release(creator.result().handle());
                creator.close();
            }
            assertThat(nodes).containsOnly(nodes.get(0));
        }
    }

    @Test
    void createHoldsAgainstOneWhoRemovesTheFileAgainAndAgain() throws Exception {
        final BackgroundCall<Boolean> remover = BackgroundCall.start("remover", () -> {
            for (int i = 0; i < 2000; i++) {
                Files.deleteIfExists(export.resolve("file"));
            }
            return true;
        });
        int created = 0;
        for (int i = 0; i < 200; i++) {
            try {
                share.release(create(ROOT, "file", OpenFlags.RDWR).handle());
                created++;
            } catch (final IOException e) {
                // The file was removed between its creation and the request for its attributes.
                assertThat(Errno.of(e)).isIn(Errno.ENOENT, Errno.ESTALE);
            }
        }
        assertThat(remover.result()).isTrue();
        remover.close();
        assertThat(created).isPositive();
    }

    @Test
    void appendsOfTwoHandlesLoseNothing() throws Exception {
        final long node = file(ROOT, "log", new byte[0]);
        // nfs-ganesha does not append by itself, so it gets only one writer. The kernel, too, serializes appends to a
        // file.
        final int count = server.kind() == ServerKind.GANESHA ? 1 : 4;
        final List<BackgroundCall<Boolean>> writers = new ArrayList<>();
        for (int writer = 0; writer < count; writer++) {
            final String line = "line of writer " + writer + "\n";
            writers.add(BackgroundCall.start("writer " + writer, () -> {
                final long handle = share.open(node, APPEND, NO_KERNEL);
                for (int i = 0; i < 100; i++) {
                    assertThat(write(handle, 0, line, APPEND)).isEqualTo(line.length());
                }
                share.release(handle);
                return true;
            }));
        }
        for (final BackgroundCall<Boolean> writer : writers) {
            assertThat(writer.result()).isTrue();
            writer.close();
        }

        final List<String> lines = Files.readAllLines(export.resolve("log"));
        for (int writer = 0; writer < count; writer++) {
            final String line = "line of writer " + writer;
            assertThat(lines.stream().filter(line::equals)).hasSize(100);
        }
        assertThat(lines).hasSize(100 * count);
    }

    @Test
    void aLargeAppendStaysInOrder() throws IOException {
        final byte[] data = random(2 * MIB + 3);
        final long node = file(ROOT, "log", "head".getBytes(UTF_8));
        final long handle = share.open(node, APPEND, NO_KERNEL);

        assertThat(share.write(handle, 0, ByteBuffer.wrap(data), APPEND)).isEqualTo(data.length);

        share.release(handle);
        final byte[] written = Files.readAllBytes(export.resolve("log"));
        assertThat(written).hasSize(4 + data.length);
        assertThat(Arrays.copyOfRange(written, 4, written.length)).isEqualTo(data);
    }

    @Test
    void aWriteGoesWhereItsOwnFlagsSay() throws IOException {
        final long node = file(ROOT, "file", "0123456789".getBytes(UTF_8));
        final long appending = share.open(node, OpenFlags.RDWR | OpenFlags.APPEND, NO_KERNEL);
        final long inPlace = share.open(node, OpenFlags.RDWR, NO_KERNEL);

        // First a page that the kernel writes back. Later, fcntl(2) has set O_APPEND on the other descriptor.
        write(appending, 2, "ab", OpenFlags.RDWR);
        write(appending, 0, "xy", OpenFlags.RDWR | OpenFlags.APPEND);
        write(inPlace, 0, "z", OpenFlags.RDWR | OpenFlags.APPEND);
        write(inPlace, 0, "A", OpenFlags.RDWR);

        assertThat(text(inPlace)).isEqualTo("A1ab456789xyz");
        share.release(appending);
        share.release(inPlace);
    }

    @Test
    void anOpenFileThatWasUnlinkedLivesUntilItIsClosed() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        final long second = share.open(file.entry().node(), OpenFlags.RDWR, NO_KERNEL);
        write(file.handle(), 0, "before", OpenFlags.RDWR);

        share.unlink(ROOT, name("file"));

        assertThat(list(ROOT)).isEmpty();
        assertErrno(Errno.ENOENT, () -> share.lookup(ROOT, name("file")));
        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());
        assertLives(file.entry().node(), second);
        assertThat(list(ROOT)).isEmpty();
        share.release(second);
        assertThat(export).isEmptyDirectory();
    }

    @Test
    void anOpenFileThatWasRenamedOverLivesUntilItIsClosed() throws IOException {
        final Created target = create(ROOT, "target", OpenFlags.RDWR);
        file(ROOT, "source", "source".getBytes(UTF_8));

        share.rename(ROOT, name("source"), ROOT, name("target"));

        assertThat(list(ROOT)).containsExactly("target");
        assertLives(target.entry().node(), target.handle());
        assertThat(Files.readString(export.resolve("target"))).isEqualTo("source");
        share.release(target.handle());
        assertThat(export.resolve("target")).hasContent("source");
        assertThat(list(ROOT)).containsExactly("target");
        try (var left = Files.list(export)) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void anOpenFileWhoseDirectoryIsRemovedLivesUntilItIsClosed() throws IOException {
        final long outer = mkdir(ROOT, "outer");
        final long inner = mkdir(outer, "inner");
        final Created file = create(inner, "file", OpenFlags.RDWR);
        share.unlink(inner, name("file"));
        assertThat(list(inner)).isEmpty();

        share.rmdir(outer, name("inner"));
        assertThat(export.resolve("outer/inner")).doesNotExist();
        assertLives(file.entry().node(), file.handle());
        share.rmdir(ROOT, name("outer"));

        assertThat(list(ROOT)).isEmpty();
        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());
        assertThat(export).isEmptyDirectory();
    }

    @Test
    void aDirectoryMayReplaceOneThatHoldsNothingButWhatWasPutAside() throws IOException {
        final long old = mkdir(ROOT, "old");
        mkdir(ROOT, "new");
        final Created file = create(old, "file", OpenFlags.RDWR);
        share.unlink(old, name("file"));

        share.rename(ROOT, name("new"), ROOT, name("old"));

        assertThat(list(ROOT)).containsExactly("old");
        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());
        assertThat(export.resolve("old")).isEmptyDirectory();
    }

    @Test
    void anOpenFileThatWasPutAsideMovesWithItsDirectory() throws IOException {
        final long directory = mkdir(ROOT, "directory");
        final Created file = create(directory, "file", OpenFlags.RDWR);
        share.unlink(directory, name("file"));

        share.rename(ROOT, name("directory"), ROOT, name("moved"));

        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());
        assertThat(export.resolve("moved")).isEmptyDirectory();
    }

    @Test
    void aFailedRenamePutsTheOpenFileBack() throws IOException {
        final Created target = create(ROOT, "target", OpenFlags.RDWR);
        write(target.handle(), 0, "kept", OpenFlags.RDWR);
        mkdir(ROOT, "directory");

        assertErrno(Errno.ENOTDIR, () -> share.rename(ROOT, name("directory"), ROOT, name("target")));
        assertErrno(Errno.ENOENT, () -> share.rename(ROOT, name("nothing"), ROOT, name("target")));

        assertThat(lookup("target")).isEqualTo(target.entry().node());
        assertThat(list(ROOT)).containsExactly("directory", "target");
        share.release(target.handle());
        assertThat(Files.readString(export.resolve("target"))).isEqualTo("kept");
    }

    @Test
    void anInterruptNeverLosesAFileThatIsOpen() throws IOException {
        for (int i = 0; i < 20; i++) {
            final Created target = create(ROOT, "target", OpenFlags.RDWR);
            write(target.handle(), 0, "kept", OpenFlags.RDWR);
            Thread.currentThread().interrupt();
            try {
                share.rename(ROOT, name("nothing"), ROOT, name("target"));
            } catch (final IOException e) {
                assertThat(Errno.of(e)).isIn(Errno.ENOENT, Errno.EINTR);
            }
            share.release(target.handle());
            assertThat(Thread.interrupted()).isTrue();

            assertThat(list(ROOT)).containsExactly("target");
            assertThat(Files.readString(export.resolve("target"))).isEqualTo("kept");
        }
    }

    @Test
    void aFileThatIsOpenMayBeRenamedAndUsedOn() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);

        share.rename(ROOT, name("file"), ROOT, name("renamed"));

        assertLives(file.entry().node(), file.handle());
        assertThat(lookup("renamed")).isEqualTo(file.entry().node());
        share.release(file.handle());
    }

    @Test
    void aFileThatIsOpenedAgainAndAgainIsFoundWhereItIs() throws IOException {
        final long directory = mkdir(ROOT, "directory");
        final long node = file(directory, "file", "one".getBytes(UTF_8));
        assertContent(node, "one");
        assertContent(node, "one");

        share.rename(directory, name("file"), directory, name("renamed"));
        Files.writeString(export.resolve("directory/file"), "not this one");
        assertContent(node, "one");
        assertContent(node, "one");

        share.rename(ROOT, name("directory"), ROOT, name("moved"));
        Files.createDirectory(export.resolve("directory"));
        Files.writeString(export.resolve("directory/renamed"), "nor this one");
        assertContent(node, "one");
        assertContent(node, "one");

        Files.writeString(export.resolve("moved/other"), "two");
        Files.move(export.resolve("moved/other"), export.resolve("moved/renamed"), REPLACE_EXISTING);
        final long other = counted(share.lookup(directory, name("renamed")));
        assertThat(other).isNotEqualTo(node);
        assertContent(other, "two");
        assertContent(other, "two");
        assertContent(other, "two");
    }

    private void assertContent(final long node, final String content) throws IOException {
        final long handle = share.open(node, OpenFlags.RDONLY, NO_KERNEL);
        assertThat(text(handle)).isEqualTo(content);
        share.release(handle);
    }

    @Test
    void oneNameOfAnOpenFileGoesAndTheOthersStay() throws IOException {
        final Created file = create(ROOT, "one", OpenFlags.RDWR);
        counted(share.link(file.entry().node(), ROOT, name("two")));

        share.unlink(ROOT, name("one"));

        assertThat(list(ROOT)).containsExactly("two");
        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());
        assertThat(lookup("two")).isEqualTo(file.entry().node());
        assertThat(share.getattr(file.entry().node()).nlink()).isEqualTo(1);
    }

    @Test
    void allNamesOfAnOpenFileMayGo() throws IOException {
        final Created file = create(ROOT, "one", OpenFlags.RDWR);
        counted(share.link(file.entry().node(), ROOT, name("two")));
        counted(share.link(file.entry().node(), ROOT, name("three")));
        file(ROOT, "other", new byte[0]);

        share.unlink(ROOT, name("one"));
        assertThat(share.getattr(file.entry().node()).nlink()).isEqualTo(2);
        share.unlink(ROOT, name("two"));
        share.rename(ROOT, name("other"), ROOT, name("three"));

        assertThat(list(ROOT)).containsExactly("three");
        assertThat(share.getattr(file.entry().node()).nlink()).isZero();
        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());
        try (var left = Files.list(export)) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void aFileIsReadOnThoughItIsGoneOnTheOtherSide() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        write(file.handle(), 0, "data", OpenFlags.RDWR);
        Files.delete(export.resolve("file"));

        assertThat(text(file.handle())).isEqualTo("data");
        assertThat(write(file.handle(), 4, "more", OpenFlags.RDWR)).isEqualTo(4);
        assertThat(text(file.handle())).isEqualTo("datamore");
        share.release(file.handle());
    }

    @Test
    void theKernelMayForgetAFileBeforeItClosesIt() throws IOException {
        final Entry entry = share.create(me, ROOT, name("file"), OpenFlags.RDWR, 0644, NO_KERNEL)
                .entry();
        final long handle = share.open(entry.node(), OpenFlags.RDWR, NO_KERNEL);
        final int before = session.fids().used();

        share.forget(entry.node(), 1);
        write(handle, 0, "data", OpenFlags.RDWR);
        share.release(handle);

        assertThat(Files.readString(export.resolve("file"))).isEqualTo("data");
        // Only the handle's fid is clunked. The one from create is still open, for longer than a Tclunk takes, so the
        // file stays known.
        await().during(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(session.fids().used()).isEqualTo(before - 1));
        share.release(handle - 1);
        await().untilAsserted(() -> assertThat(session.fids().used()).isEqualTo(1));
        assertErrno(Errno.ESTALE, () -> share.getattr(entry.node()));
    }

    /** RELEASE may be served after the FORGETs that the kernel sends later, in any order. */
    @Test
    void theKernelMayForgetAllDirectoriesBeforeItClosesAFileThatWasPutAside() throws IOException {
        final Entry top = share.mkdir(me, ROOT, name("top"), 0755);
        final Entry middle = share.mkdir(me, top.node(), name("middle"), 0755);
        final Entry bottom = share.mkdir(me, middle.node(), name("bottom"), 0755);
        final Created file = create(bottom.node(), "file", OpenFlags.RDWR);
        share.unlink(bottom.node(), name("file"));

        share.forget(top.node(), 1);
        share.forget(bottom.node(), 1);
        share.forget(middle.node(), 1);
        assertLives(file.entry().node(), file.handle());
        share.release(file.handle());

        assertThat(export.resolve("top/middle/bottom")).isEmptyDirectory();
        forgetAll();
        await().untilAsserted(() -> assertThat(session.fids().used()).isEqualTo(1));
        for (final Entry each : List.of(top, middle, bottom)) {
            assertErrno(Errno.ESTALE, () -> share.getattr(each.node()));
        }
    }

    /** Another client moves the directory, so nothing needs the one that held it any more. */
    @Test
    void aForgottenDirectoryIsDroppedWhenTheOneThatItHeldIsFoundElsewhere() throws IOException {
        final Entry top = share.mkdir(me, ROOT, name("top"), 0755);
        final Entry bottom = share.mkdir(me, top.node(), name("bottom"), 0755);
        share.forget(top.node(), 1);
        assertThat(share.getattr(top.node()).ino()).isEqualTo(top.attributes().ino());
        Files.move(export.resolve("top/bottom"), export.resolve("moved"));

        final long moved = counted(share.lookup(ROOT, name("moved")));

        share.forget(bottom.node(), 1);
        assertErrno(Errno.ESTALE, () -> share.getattr(top.node()));
        assertThat(share.getattr(moved).ino()).isEqualTo(bottom.attributes().ino());
    }

    @Test
    void largeReadsOfManyThreadsDoNotLockEachOtherOut() throws Exception {
        final byte[] data = random(2 * MIB);
        final long node = file(ROOT, "file", data);
        final List<BackgroundCall<Boolean>> readers = new ArrayList<>();
        for (int reader = 0; reader < 16; reader++) {
            final int start = reader * 1000;
            readers.add(BackgroundCall.start("reader " + reader, () -> {
                final long handle = share.open(node, OpenFlags.RDONLY, NO_KERNEL);
                for (int i = 0; i < 3; i++) {
                    assertThat(read(handle, start, MIB)).isEqualTo(Arrays.copyOfRange(data, start, start + MIB));
                }
                share.release(handle);
                return true;
            }));
        }
        for (final BackgroundCall<Boolean> reader : readers) {
            assertThat(reader.result()).isTrue();
            reader.close();
        }
    }

    @Test
    void anInterruptedReadIsEintrOrWhole() throws IOException {
        final byte[] data = random(MIB);
        final long handle = share.open(file(ROOT, "file", data), OpenFlags.RDONLY, NO_KERNEL);
        for (int i = 0; i < 30; i++) {
            Thread.currentThread().interrupt();
            try {
                assertThat(read(handle, 0, MIB)).isEqualTo(data);
            } catch (final InterruptedIOException e) {
                assertThat(Errno.of(e)).isEqualTo(Errno.EINTR);
            }
            assertThat(Thread.interrupted()).isTrue();
        }
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        share.release(handle);
    }

    @Test
    void whatIsOpenIsClosedWithTheShare() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        share.unlink(ROOT, name("file"));
        share.opendir(ROOT);

        share.close();

        assertThat(export).isEmptyDirectory();
        assertThat(channel.fidsAtLastVersion()).isEmpty();
        assertThatThrownBy(() -> write(file.handle(), 0, "x", OpenFlags.RDWR)).isInstanceOf(IOException.class);
    }

    @Test
    void aClosedShareLeavesNothingBehind() throws IOException {
        share.close();
        useAndClose();
        final Leftovers before = Leftovers.now();

        useAndClose();

        before.awaitNothingNew();
    }

    private void useAndClose() throws IOException {
        share = open(new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
        final Created file = share.create(me, ROOT, name("file"), OpenFlags.RDWR, 0644, NO_KERNEL);
        share.unlink(ROOT, name("file"));
        write(file.handle(), 0, "x", OpenFlags.RDWR);
        share.close();
        assertThat(channel.fidsAtLastVersion()).isEmpty();
        assertThat(session.status().tagsUsed()).isZero();
    }

    /** Checks all operations on an open file, by its node and by its handle. */
    private void assertLives(final long node, final long handle) throws IOException {
        final Timestamp time = new Timestamp(1_234_567_890L, 0);
        assertThat(share.setattr(node, size(0)).size()).isZero();
        assertThat(write(handle, 0, "still here", OpenFlags.RDWR)).isEqualTo(10);
        assertThat(share.getattr(node).size()).isEqualTo(10);
        assertThat(share.setattr(node, mode(0640)).mode() & 07777).isEqualTo(0640);
        assertThat(share.setattr(node, times(time, time)).mtime()).isEqualTo(time);
        assertThat(share.setattr(node, size(5)).size()).isEqualTo(5);
        assertThat(text(handle)).isEqualTo("still");
        share.fsync(handle, false);
    }

    private static byte[] random(final int count) {
        final byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
