package dev.ninepin.session;

import static dev.ninepin.p9.AttrMask.BASIC;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The scenarios of QEMU's own test of its virtio-9p device ({@code tests/qtest/virtio-9p-test.c}), run through a
 * session with a real server. Each test has the name of its scenario. Where another server rightly behaves differently,
 * the test says so. The flush scenarios are in {@code QemuFlushTest}, because they need a server that can be slowed
 * down.
 */
public abstract class SessionContract extends SessionFixture {
    private static final int MSIZE = 32768;
    private static final int ENOENT = 2;
    private static final int ENOSYS = 38;
    private static final int EOPNOTSUPP = 95;
    private static final int DEPTH = 16;
    private static final int FILES = 100;
    private static final int BLOCK = 16 * 1024;

    private int root;

    @BeforeEach
    void connectSession() throws IOException {
        connect(options().withMsize(MSIZE).withUname(ByteString.EMPTY));
        try (FidTable.Lease lease = session.fids().lease(session.fids().root())) {
            root = lease.fid();
        }
    }

    @Test
    void config() {
        // Only a device has a mount tag.
        assertThat(session.channelInfo().details().get("mount_tag"))
                .isEqualTo(server.kind().isQemu() ? "ninepin" : null);
    }

    @Test
    void versionBasic() {
        assertThat(session.status().version()).isEqualTo(Tversion.VERSION_9P2000_L.toString());
        assertThat(session.status().msize()).isEqualTo(session.msize()).isEqualTo(MSIZE);
    }

    @Test
    void attachBasic() throws IOException {
        assertThat(session.fids().root().qid().isDirectory()).isTrue();
        assertThat(session.getattr(root, BASIC).await().qid())
                .matches(qid -> qid.isSameFile(session.fids().root().qid()));
    }

    @Test
    void walkBasic() throws IOException {
        final List<ByteString> names = new ArrayList<>();
        Path directory = export;
        for (int i = 0; i < DEPTH; i++) {
            names.add(name("WALK" + i));
            directory = Files.createDirectory(directory.resolve("WALK" + i));
        }
        final int fid = session.fids().take();

        final List<Qid> qids = session.walk(root, fid, names).await().qids();

        assertThat(qids).hasSize(DEPTH);
        assertThat(qids.get(DEPTH - 1).path()).isEqualTo(inode(directory));
        assertThat(session.getattr(fid, BASIC).await().qid()).isEqualTo(qids.get(DEPTH - 1));
        session.clunk(fid).await();
    }

    @Test
    void walkNoSlash() {
        assertRefused(ENOENT, () -> walk(" /"));
    }

    @Test
    void walkNone() throws IOException {
        final int fid = session.fids().take();

        assertThat(session.walk(root, fid, List.of()).await().qids()).isEmpty();

        assertThat(session.getattr(fid, BASIC).await().qid().path())
                .isEqualTo(session.fids().root().qid().path());
    }

    @Test
    void walkDotdotFromRoot() throws IOException {
        final int fid = session.fids().take();

        final List<Qid> qids =
                session.walk(root, fid, List.of(ByteString.of(".."))).await().qids();

        // diod 1.0 lets a client walk out of its export. Ninepin never sends "..", because the kernel resolves it.
        final Path reached = server.kind().isDiod() ? export.getParent() : export;
        assertThat(qids).singleElement().matches(Qid::isDirectory);
        assertThat(qids.get(0).path()).isEqualTo(inode(reached));
    }

    @Test
    void walkNonExistent() {
        assertRefused(ENOENT, () -> walk("non-existent"));
    }

    @Test
    void walkSecondNonExistent() throws IOException {
        Files.createDirectory(export.resolve("WALK0"));
        final int fid = session.fids().take();
        if (server.kind() == ServerKind.GANESHA) {
            // This server never reports a partial walk.
            assertRefused(ENOENT, () -> walk("WALK0", "non-existent"));
            session.fids().giveBack(fid);
            return;
        }

        final List<Qid> qids =
                session.walk(root, fid, names("WALK0", "non-existent")).await().qids();

        assertThat(qids).hasSize(1);
        assertThat(qids.get(0).isSameFile(session.fids().root().qid())).isFalse();
        if (server.kind().isQemu()) {
            assertRefused(ENOENT, () -> session.getattr(fid, BASIC).await());
        } else {
            // diod makes the fid nevertheless, on the last file that it reached.
            assertThat(session.getattr(fid, BASIC).await().qid()).isEqualTo(qids.get(0));
        }
        session.fids().clunk(fid);
    }

    @Test
    void lopenBasic() throws IOException {
        Files.createFile(export.resolve("LOPEN"));

        assertThat(session.lopen(walk("LOPEN"), OpenFlags.WRONLY).await().qid().path())
                .isEqualTo(inode(export.resolve("LOPEN")));
    }

    @Test
    void writeBasic() throws IOException {
        Files.createFile(export.resolve("WRITE"));
        final int fid = walk("WRITE");
        session.lopen(fid, OpenFlags.WRONLY).await();

        assertThat(session.write(fid, 0, block()).await().count()).isEqualTo(BLOCK);

        assertThat(Files.readAllBytes(export.resolve("WRITE"))).isEqualTo(block().array());
    }

    @Test
    void readdirBasic() throws IOException {
        makeFiles();
        final int directory = walk("ReadDirDir");
        session.lopen(directory, OpenFlags.RDONLY | OpenFlags.DIRECTORY).await();

        final List<Dirent> entries =
                session.readdir(directory, 0, session.maxIo()).await();

        assertThat(namesOf(entries)).isEqualTo(expectedNames());
        assertThat(entries).hasSize(FILES + 2);
        assertThat(session.readdir(directory, entries.get(FILES + 1).offset(), session.maxIo())
                        .await())
                .isEmpty();
    }

    /**
     * The number of calls that QEMU needs, including the last one, which returns no entries. diod packs entries
     * differently.
     */
    @ParameterizedTest
    @CsvSource({"512, 9", "256, 18", "128, 35"})
    void readdirSplit(final int count, final int calls) throws IOException {
        makeFiles();
        final int directory = walk("ReadDirDir");
        session.lopen(directory, OpenFlags.RDONLY | OpenFlags.DIRECTORY).await();
        final List<Dirent> all = new ArrayList<>();

        int made = 0;
        List<Dirent> page;
        do {
            page = session.readdir(
                            directory,
                            all.isEmpty() ? 0 : all.get(all.size() - 1).offset(),
                            count)
                    .await();
            all.addAll(page);
            made++;
        } while (!page.isEmpty());

        assertThat(namesOf(all)).isEqualTo(expectedNames());
        assertThat(all).hasSize(FILES + 2);
        if (server.kind().isQemu()) {
            assertThat(made).isEqualTo(calls);
        } else {
            assertThat(made).isBetween(calls - 3, calls + 3);
        }
    }

    @Test
    void createDir() throws IOException {
        session.mkdir(root, name("01"), 0755, gid()).await();

        assertThat(export.resolve("01")).isDirectory();
    }

    @Test
    void unlinkatDir() throws IOException {
        session.mkdir(root, name("02"), 0755, gid()).await();

        unlinkat(root, "02", Tunlinkat.AT_REMOVEDIR);

        assertThat(export.resolve("02")).doesNotExist();
    }

    @Test
    void createFile() throws IOException {
        session.mkdir(root, name("03"), 0755, gid()).await();
        create("03", "1st_file");

        assertThat(export.resolve("03/1st_file")).isRegularFile();
    }

    @Test
    void unlinkatFile() throws IOException {
        session.mkdir(root, name("04"), 0755, gid()).await();
        session.clunk(create("04", "doa_file")).await();

        unlinkat(walk("04"), "doa_file", 0);

        assertThat(export.resolve("04/doa_file")).doesNotExist();
    }

    @Test
    void symlinkFile() throws IOException {
        session.mkdir(root, name("05"), 0755, gid()).await();
        create("05", "real_file");

        session.symlink(walk("05"), name("symlink_file"), name("real_file"), gid())
                .await();

        // With mapped-xattr, the host has a regular file that contains the target.
        assertThat(Files.isSymbolicLink(export.resolve("05/symlink_file")))
                .isEqualTo(!server.kind().isMapped());
        assertThat(Files.exists(export.resolve("05/symlink_file"))).isTrue();
        final int link = walk("05", "symlink_file");
        assertThat(session.readlink(link).await().target()).isEqualTo(name("real_file"));
        assertThat(session.getattr(link, BASIC).await().qid().type()).isEqualTo(Qid.SYMLINK);
    }

    @Test
    void unlinkatSymlink() throws IOException {
        session.mkdir(root, name("06"), 0755, gid()).await();
        create("06", "real_file");
        session.symlink(walk("06"), name("symlink_file"), name("real_file"), gid())
                .await();

        unlinkat(walk("06"), "symlink_file", 0);

        assertThat(Files.exists(export.resolve("06/symlink_file"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(export.resolve("06/real_file")).exists();
    }

    @Test
    void hardlinkFile() throws IOException {
        session.mkdir(root, name("07"), 0755, gid()).await();
        create("07", "real_file");

        session.link(walk("07"), walk("07", "real_file"), name("hardlink_file")).await();

        assertThat(Files.isSameFile(export.resolve("07/real_file"), export.resolve("07/hardlink_file")))
                .isTrue();
    }

    @Test
    void unlinkatHardlink() throws IOException {
        session.mkdir(root, name("08"), 0755, gid()).await();
        create("08", "real_file");
        session.link(walk("08"), walk("08", "real_file"), name("hardlink_file")).await();

        unlinkat(walk("08"), "hardlink_file", 0);

        assertThat(export.resolve("08/hardlink_file")).doesNotExist();
        assertThat(export.resolve("08/real_file")).exists();
    }

    @Test
    void useAfterUnlink() throws IOException {
        session.mkdir(root, name("09"), 0755, gid()).await();
        session.clunk(create("09", "doa_file")).await();
        final int fid = walk("09", "doa_file");
        session.lopen(fid, OpenFlags.WRONLY).await();
        unlinkat(walk("09"), "doa_file", 0);

        if (!server.kind().isDiod()) {
            assertThat(session.getattr(fid, BASIC).await().size()).isZero();
        } else {
            // diod 1.0 uses the path even if the fid is open.
            assertRefused(ENOENT, () -> session.getattr(fid, BASIC).await());
        }
        assertThat(session.write(fid, 0, block()).await().count()).isEqualTo(BLOCK);
    }

    private int walk(final String... names) throws IOException {
        final int fid = session.fids().take();
        session.walk(root, fid, names(names)).await();
        return fid;
    }

    private int create(final String directory, final String file) throws IOException {
        final int fid = walk(directory);
        session.lcreate(fid, name(file), OpenFlags.RDWR, 0644, gid()).await();
        return fid;
    }

    /** Removes an entry. diod 1.0 only supports the older Tremove. */
    private void unlinkat(final int directory, final String name, final int flags) throws IOException {
        if (!server.kind().isDiod()) {
            session.unlinkat(directory, name(name), flags).await();
            return;
        }
        assertThatThrownBy(() -> session.unlinkat(directory, name(name), flags).await())
                .isInstanceOfSatisfying(
                        RemoteException.class, e -> assertThat(e.errno()).isIn(EOPNOTSUPP, ENOSYS));
        final int fid = session.fids().take();
        session.walk(directory, fid, names(name)).await();
        session.remove(fid).await();
    }

    private void makeFiles() throws IOException {
        final Path directory = Files.createDirectory(export.resolve("ReadDirDir"));
        for (int i = 0; i < FILES; i++) {
            Files.createFile(directory.resolve("ReadDirFile" + i));
        }
    }

    private static Set<String> expectedNames() {
        final Set<String> names =
                IntStream.range(0, FILES).mapToObj(i -> "ReadDirFile" + i).collect(toSet());
        names.addAll(List.of(".", ".."));
        return names;
    }

    private static Set<String> namesOf(final List<Dirent> entries) {
        return entries.stream().map(entry -> entry.name().toString()).collect(toSet());
    }

    private static void assertRefused(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(RemoteException.class, e -> assertThat(e.errno())
                .isEqualTo(errno));
    }

    private static List<ByteString> names(final String... names) {
        return Arrays.stream(names).map(ByteString::of).toList();
    }

    private static ByteBuffer block() {
        final byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) 0x5a);
        return ByteBuffer.wrap(bytes);
    }

    private static long inode(final Path file) throws IOException {
        return (Long) Files.getAttribute(file, "unix:ino");
    }

    private static int gid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
    }
}
