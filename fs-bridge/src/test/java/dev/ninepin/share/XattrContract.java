package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.p9.Txattrwalk;
import dev.ninepin.share.id.PosixAcl;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.InMemory;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tests of extended attributes, run with each server. The export is in memory, where a value may have 64 KiB. */
abstract class XattrContract extends ShareFixture implements InMemory {
    private static final int CREATE = 1;
    private static final int REPLACE = 2;
    private static final int MOST = 65536;
    private static final ByteString ACCESS_ACL = ByteString.of("system.posix_acl_access");
    private static final ByteString DEFAULT_ACL = ByteString.of("system.posix_acl_default");

    /** u::rwx, u:1234:rwx, g::r-x, m::rwx, o::r-x. */
    private static final byte[] ACL = new PosixAcl(List.of(
                    new PosixAcl.Entry(1, 7, -1),
                    new PosixAcl.Entry(2, 7, 1234),
                    new PosixAcl.Entry(4, 5, -1),
                    new PosixAcl.Entry(0x10, 7, -1),
                    new PosixAcl.Entry(0x20, 5, -1)))
            .toBytes();

    private static final ByteString CAPABILITY = ByteString.of("security.capability");

    @Test
    void whatIsSetIsThereAndGoes() throws Exception {
        final long file = file(ROOT, "file", "data".getBytes(UTF_8));
        final byte[] value = {0, 1, (byte) 0xff, 0};

        set(file, "user.one", value, 0);
        set(file, "user.two", "2".getBytes(UTF_8), 0);

        assertThat(get(file, "user.one")).isEqualTo(value);
        assertThat(share.xattrSize(file, name("user.one"))).isEqualTo(4);
        assertThat(attributes(file)).containsExactlyInAnyOrder("user.one", "user.two");
        assertThat(there("file")).contains("user.one=0x0001ff00", "user.two=0x32");
        set(file, "user.one", "longer".getBytes(UTF_8), 0);
        assertThat(get(file, "user.one")).asString(UTF_8).isEqualTo("longer");
        share.removexattr(me, file, name("user.one"));
        assertErrno(Errno.ENODATA, () -> get(file, "user.one"));
        assertErrno(Errno.ENODATA, () -> share.xattrSize(file, name("user.one")));
        assertErrno(Errno.ENODATA, () -> share.removexattr(me, file, name("user.one")));
        assertThat(attributes(file)).containsExactly("user.two");
        share.removexattr(me, file, name("user.two"));
        assertThat(attributes(file)).isEmpty();
        assertThat(share.xattrListSize(file)).isZero();
    }

    @Test
    void directoriesHaveThemToo() throws Exception {
        final long directory = mkdir(ROOT, "directory");
        set(directory, "user.name", "value".getBytes(UTF_8), 0);
        set(ROOT, "user.root", "value".getBytes(UTF_8), 0);

        assertThat(attributes(directory)).containsExactly("user.name");
        assertThat(get(ROOT, "user.root")).asString(UTF_8).isEqualTo("value");
        share.removexattr(me, ROOT, name("user.root"));
    }

    @Test
    void whatMustBeNewOrThereIsRefusedAtTheEndAndSaysSo() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        set(file, "user.name", "first".getBytes(UTF_8), CREATE);

        assertErrno(Errno.EEXIST, () -> set(file, "user.name", "again".getBytes(UTF_8), CREATE));
        assertErrno(Errno.ENODATA, () -> set(file, "user.other", "value".getBytes(UTF_8), REPLACE));
        assertThat(get(file, "user.name")).asString(UTF_8).isEqualTo("first");
        set(file, "user.name", "second".getBytes(UTF_8), REPLACE);
        assertThat(get(file, "user.name")).asString(UTF_8).isEqualTo("second");
        assertThat(attributes(file)).containsExactly("user.name");
    }

    @Test
    void aValueMayHave64KibAndNoMore() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        // nfs-ganesha accepts one byte less.
        final int most = server.kind() == ServerKind.GANESHA ? MOST - 1 : MOST;
        final byte[] large = new byte[most];
        new Random(5).nextBytes(large);

        set(file, "user.large", large, 0);

        assertThat(get(file, "user.large")).isEqualTo(large);
        assertThat(share.xattrSize(file, name("user.large"))).isEqualTo(most);
        final int chunks = (most + session.maxIo() - 1) / session.maxIo();
        assertThat(channel.sent(Twrite.class)).isEqualTo(chunks);
        assertThat(channel.sent(Tread.class)).isEqualTo(chunks);
        assertErrno(Errno.ERANGE, () -> share.getxattr(file, name("user.large"), most - 1));
        assertErrno(Errno.E2BIG, () -> set(file, "user.larger", new byte[MOST + 1], 0));
        assertThat(attributes(file)).containsExactly("user.large");
    }

    @Test
    void aListMayBeLongerThanAMessage() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        final List<String> names = new ArrayList<>();
        // nfs-ganesha lists at most 4096 bytes of names; if there are more, its list is empty.
        final int count = server.kind() == ServerKind.GANESHA ? 16 : 40;
        for (int i = 0; i < count; i++) {
            names.add("user." + "n".repeat(240) + i);
            set(file, names.get(i), new byte[] {1}, 0);
        }

        assertThat(attributes(file)).containsExactlyInAnyOrderElementsOf(names);
        final int size = names.stream().mapToInt(each -> each.length() + 1).sum();
        assertThat(share.xattrListSize(file)).isEqualTo(size);
        assertErrno(Errno.ERANGE, () -> share.listxattr(file, size - 1));
    }

    @Test
    void anEmptyValueIsRefusedAndRemovesNothing() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        set(file, "user.name", "value".getBytes(UTF_8), 0);

        for (final int flags : new int[] {0, CREATE, REPLACE}) {
            assertErrno(Errno.EOPNOTSUPP, () -> set(file, "user.name", new byte[0], flags));
        }

        assertThat(get(file, "user.name")).asString(UTF_8).isEqualTo("value");
        // An empty value that was set on the server is read like any other.
        run("setfattr", "-n", "user.empty", export.resolve("file").toString());
        assertThat(get(file, "user.empty")).isEmpty();
        assertThat(share.xattrSize(file, name("user.empty"))).isZero();
    }

    @Test
    void anOpenFileWithoutANameHasItsOwn() throws Exception {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        final long node = file.entry().node();
        set(node, "user.name", "old".getBytes(UTF_8), 0);
        share.unlink(ROOT, name("file"));
        final long other = file(ROOT, "file", new byte[0]);
        set(other, "user.other", "new".getBytes(UTF_8), 0);

        assertThat(attributes(node)).containsExactly("user.name");
        assertThat(get(node, "user.name")).asString(UTF_8).isEqualTo("old");
        set(node, "user.late", "late".getBytes(UTF_8), 0);
        assertThat(attributes(node)).containsExactlyInAnyOrder("user.name", "user.late");
        assertThat(attributes(other)).containsExactly("user.other");
        share.release(file.handle());
    }

    @Test
    void namesAreBytes() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        final ByteString odd = bytes('u', 's', 'e', 'r', '.', 0xff, '\n', 0xc3);

        share.setxattr(me, file, odd, ByteBuffer.wrap(new byte[] {7}), 0);

        assertThat(share.getxattr(file, odd, 1)).containsExactly(7);
        assertThat(ByteString.copyOf(share.listxattr(file, 100)))
                .isEqualTo(bytes('u', 's', 'e', 'r', '.', 0xff, '\n', 0xc3, 0));
    }

    @Test
    void theServersOwnNotesAreNotShown() throws Exception {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        share.release(file.handle());
        final long node = file.entry().node();

        assertThat(attributes(node)).isEmpty();
        if (server.kind().isMapped()) {
            assertThat(there("file")).anyMatch(line -> line.startsWith("user.virtfs.mode"));
            assertErrno(Errno.ENODATA, () -> get(node, "user.virtfs.mode"));
            assertErrno(Errno.EACCES, () -> set(node, "user.virtfs.mode", new byte[] {1, 2, 3, 4}, 0));
            assertErrno(Errno.EACCES, () -> share.removexattr(me, node, name("user.virtfs.mode")));
        }
    }

    @Test
    void whatIsNotThereIsAskedForAgainWithCacheNone() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        final int before = channel.sent(Txattrwalk.class);
        for (int i = 0; i < 3; i++) {
            assertErrno(Errno.ENODATA, () -> get(file, "user.none"));
        }
        assertThat(channel.sent(Txattrwalk.class)).isEqualTo(before + 3);
    }

    @Test
    void whatIsNotThereIsRememberedAsLongAsAttributes() throws Exception {
        share.close();
        share = open(new ShareOptions(CacheMode.LOOSE, OptionalInt.empty(), OptionalInt.empty()));
        final long file = file(ROOT, "file", new byte[0]);
        final int before = channel.sent(Txattrwalk.class);
        for (int i = 0; i < 3; i++) {
            assertErrno(Errno.ENODATA, () -> get(file, "user.none"));
            assertErrno(Errno.ENODATA, () -> share.xattrSize(file, name("user.none")));
        }
        assertThat(channel.sent(Txattrwalk.class)).isEqualTo(before + 1);
        assertErrno(Errno.ENODATA, () -> get(file, "user.other"));
        assertThat(channel.sent(Txattrwalk.class)).isEqualTo(before + 2);

        set(file, "user.none", "now".getBytes(UTF_8), 0);
        assertThat(get(file, "user.none")).asString(UTF_8).isEqualTo("now");
        share.removexattr(me, file, name("user.none"));
        assertErrno(Errno.ENODATA, () -> get(file, "user.none"));
    }

    @Test
    void aKindThatTheServerRefusesCostsNearlyNothing() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        final int errno = server.kind().isQemu() ? Errno.EOPNOTSUPP : Errno.ENODATA;
        final int before = channel.sent(Txattrwalk.class);
        final long begin = System.nanoTime();
        for (int i = 0; i < 1000; i++) {
            assertErrno(errno, () -> share.xattrSize(file, CAPABILITY));
        }
        final long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin) + 1;
        if (server.kind().isQemu()) {
            // One more request asks whether there are attributes at all.
            assertThat(channel.sent(Txattrwalk.class)).isLessThanOrEqualTo(before + (int) seconds + 1);
        } else {
            assertThat(channel.sent(Txattrwalk.class)).isEqualTo(before + 1000);
        }
    }

    @Test
    void whereNoneAreWantedNothingIsSent() throws Exception {
        share.close();
        share = open(new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()).withXattrs(false));
        final long file = file(ROOT, "file", new byte[0]);

        assertErrno(Errno.ENOSYS, () -> get(file, "user.name"));
        assertErrno(Errno.ENOSYS, () -> share.xattrSize(file, name("user.name")));
        assertErrno(Errno.ENOSYS, () -> share.listxattr(file, MOST));
        assertErrno(Errno.ENOSYS, () -> share.xattrListSize(file));
        assertErrno(Errno.ENOSYS, () -> set(file, "user.name", new byte[] {1}, 0));
        assertErrno(Errno.ENOSYS, () -> share.removexattr(me, file, name("user.name")));

        assertThat(channel.sent(Txattrwalk.class) + channel.sent(Txattrcreate.class))
                .isZero();
    }

    @Test
    void aNewFileHasWhatItsDirectoryHandsDown() throws Exception {
        final Caller private077 = new Caller(me.uid(), me.gid(), 077);
        assertThat(mode(counted(share.mkdir(private077, ROOT, name("plain"), 0777))))
                .isEqualTo(0700);
        // nfs-ganesha first creates the attribute with bytes that are not an ACL.
        if (!server.kind().keepsAcls() || server.kind() == ServerKind.GANESHA) {
            assertErrno(Errno.EOPNOTSUPP, () -> share.setxattr(me, ROOT, DEFAULT_ACL, ByteBuffer.wrap(ACL), 0));
            return;
        }
        final long directory = mkdir(ROOT, "directory");
        share.setxattr(me, directory, DEFAULT_ACL, ByteBuffer.wrap(ACL), 0);

        final Created file =
                counted(share.create(private077, directory, name("file"), OpenFlags.RDWR, 0666, NO_KERNEL));
        final long inner = counted(share.mkdir(private077, directory, name("inner"), 0777));

        share.release(file.handle());
        assertThat(mode(file.entry().node())).isEqualTo(0664);
        assertThat(mode(inner)).isEqualTo(0775);
        assertThat(share.getxattr(inner, DEFAULT_ACL, MOST)).isEqualTo(ACL);
        final PosixAcl access = PosixAcl.of(share.getxattr(file.entry().node(), ACCESS_ACL, MOST));
        assertThat(access.entries()).contains(new PosixAcl.Entry(2, 7, 1234), new PosixAcl.Entry(0x10, 6, -1));
        share.removexattr(me, directory, DEFAULT_ACL);
        assertThat(mode(counted(share.mkdir(private077, directory, name("late"), 0777))))
                .isEqualTo(0700);
    }

    @Test
    void anAclIsItsOwnersToChange() throws Exception {
        final long file = file(ROOT, "file", new byte[1]);
        final Caller other = new Caller(me.uid() + 1, me.gid());

        assertErrno(Errno.EPERM, () -> share.setxattr(other, file, ACCESS_ACL, ByteBuffer.wrap(ACL), 0));
        assertErrno(Errno.EPERM, () -> share.removexattr(other, file, ACCESS_ACL));
        assertErrno(Errno.EPERM, () -> share.setxattr(other, ROOT, DEFAULT_ACL, ByteBuffer.wrap(ACL), 0));
    }

    @Test
    void anAclWithoutEntriesIsNoneAndOneThatLacksTheOwnerIsRefused() throws Exception {
        final long file = file(ROOT, "file", new byte[1]);
        share.setattr(file, AttributeChange.mode(0640));
        assertErrno(
                Errno.EINVAL,
                () -> share.setxattr(
                        me, file, ACCESS_ACL, ByteBuffer.wrap(new byte[] {2, 0, 0, 0, 4, 0, 7, 0, 0, 0, 0, 0}), 0));
        if (server.kind().keepsAcls()) {
            share.setxattr(me, file, ACCESS_ACL, ByteBuffer.wrap(ACL), 0);
            share.setxattr(me, file, ACCESS_ACL, ByteBuffer.wrap(new byte[] {2, 0, 0, 0}), 0);
            assertErrno(Errno.ENODATA, () -> share.getxattr(file, ACCESS_ACL, MOST));
        }
        assertThat(mode(file) & 0700).isEqualTo(server.kind().keepsAcls() ? 0700 : 0600);
    }

    private int mode(final long node) throws IOException {
        return share.getattr(node).mode() & 07777;
    }

    private void set(final long node, final String name, final byte[] value, final int flags) throws IOException {
        share.setxattr(me, node, name(name), ByteBuffer.wrap(value), flags);
    }

    private byte[] get(final long node, final String name) throws IOException {
        return share.getxattr(node, name(name), MOST);
    }

    private List<String> attributes(final long node) throws IOException {
        final String names = new String(share.listxattr(node, MOST), UTF_8);
        return names.isEmpty() ? List.of() : List.of(names.split("\0"));
    }

    /** Returns the output of getfattr(1) for a file on the server. */
    private List<String> there(final String name) throws Exception {
        return run(
                "getfattr", "-d", "-m", "-", "-e", "hex", export.resolve(name).toString());
    }

    private static List<String> run(final String... command) throws Exception {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final List<String> lines = new String(process.getInputStream().readAllBytes(), UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        return lines;
    }
}
