package dev.ninepin.fuse;

import static dev.ninepin.testing.LyingServer.S_IFDIR;
import static dev.ninepin.testing.LyingServer.S_IFLNK;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.server.Failures;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Treaddir;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.Logged;
import dev.ninepin.testing.LyingServer;
import dev.ninepin.testing.Python;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Tests of a mount whose server sends false replies. Programs get an errno, and the correct data again once the server
 * sends true replies.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileMountTest {
    private static final int EACCES = 13;
    private static final int ENOSYS = 38;

    private final LyingServer server = new LyingServer();
    private ServedMount mounted;

    @BeforeEach
    void mount() throws IOException {
        mount(CacheMode.OPEN);
    }

    private void mount(final CacheMode cache) throws IOException {
        mounted = new ServedMount(
                server,
                8192,
                new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty()).withContainSymlinks(true));
    }

    @AfterEach
    void unmount() throws IOException {
        mounted.close();
    }

    @Test
    void namesThatNoFileCanHaveDoNotSpoilAListing() throws Exception {
        server.lie(
                Treaddir.class,
                (request, truth) -> ((Treaddir) request).offset() == 0
                        ? LyingServer.page(
                                8000,
                                List.of(
                                        entry("one", 1, 11),
                                        entry("../two", 2, 12),
                                        entry("", 3, 13),
                                        entry("x".repeat(3000), 4, 14),
                                        // No inode has the number 0, and programs skip entries with this number.
                                        entry("five", 5, 0)))
                        : new Rreaddir(ByteBuffer.allocate(0)));

        assertThat(python("print(sorted(os.listdir('.')))")).containsExactly("['five', 'one']");
    }

    @Test
    void aListingThatGoesRoundInCirclesIsAnIoError() throws Exception {
        server.lie(
                Treaddir.class,
                (request, truth) ->
                        LyingServer.page(8000, List.of(entry("a", ((Treaddir) request).offset() % 5 + 50, 11))));

        assertThat(errnoOf("os.listdir('.')")).isEqualTo("EIO");
        server.tellTheTruth();
        assertThat(python("print(os.listdir('.'))")).containsExactly("[]");
    }

    @Test
    void aFileThatChangesItsTypeIsSeenAsTheOtherType() throws Exception {
        unmount();
        server.put("f", S_IFREG | 0644, "content".getBytes(UTF_8));
        mount(CacheMode.NONE);
        assertThat(python("print(open('f').read())")).containsExactly("content");

        server.lie(Tgetattr.class, (request, truth) -> ofFiles(truth, 0010644, 0));

        assertThat(python("print(stat.S_ISFIFO(os.stat('f').st_mode))")).containsExactly("True");
        server.tellTheTruth();
        assertThat(python("print(open('f').read())")).containsExactly("content");
    }

    @Test
    void aFileWithAnImpossibleSizeIsAnIoErrorAndFineAfterwards() throws Exception {
        unmount();
        server.put("f", S_IFREG | 0644, "content".getBytes(UTF_8));
        mount(CacheMode.NONE);
        server.lie(Tgetattr.class, (request, truth) -> ofFiles(truth, S_IFREG | 0644, Long.MIN_VALUE));

        assertThat(errnoOf("os.stat('f')")).isEqualTo("EIO");
        server.tellTheTruth();
        assertThat(python("print(open('f').read())")).containsExactly("content");
    }

    /**
     * The kernel takes ENOSYS to mean that the file system has no open or no fsync, and would never send this request
     * again.
     */
    @Test
    void aServerThatSaysEnosysOnceIsAskedAgain() throws Exception {
        server.put("f", S_IFREG | 0644, "content".getBytes(UTF_8));
        server.lie(Tlopen.class, (request, truth) -> new Rlerror(ENOSYS));
        server.lie(Tfsync.class, (request, truth) -> new Rlerror(ENOSYS));

        assertThat(errnoOf("open('f')")).isEqualTo("ENOTSUP");
        assertThat(errnoOf("os.listdir('.')")).isEqualTo("ENOTSUP");
        server.lie(Tlopen.class, (request, truth) -> truth);
        for (int i = 0; i < 2; i++) {
            assertThat(python("print(open('f').read())")).containsExactly("content");
            assertThat(errnoOf("os.fsync(os.open('f', os.O_WRONLY))")).isEqualTo("ENOTSUP");
        }
    }

    @Test
    void filesWithOneNumberKeepTheirOwnPages() throws Exception {
        final Qid number = server.put("a", S_IFREG | 0644, "of a".getBytes(UTF_8));
        server.put("b", number, S_IFREG | 0644, "of b".getBytes(UTF_8));

        assertThat(python(
                        "a, b = os.open('a', os.O_RDONLY), os.open('b', os.O_RDONLY)",
                        "ma, mb = [mmap.mmap(f, 4, prot=mmap.PROT_READ) for f in (a, b)]",
                        "print(ma[:], mb[:], os.pread(a, 9, 0), os.pread(b, 9, 0))"))
                .containsExactly("b'of a' b'of b' b'of a' b'of b'");
    }

    @Test
    void aDirectoryWithTheNumberOfTheRootCanBeEntered() throws Exception {
        server.put("sub", new Qid(Qid.DIR, 0, 1), S_IFDIR | 0755);
        server.put("sub/f", S_IFREG | 0644, "content".getBytes(UTF_8));

        assertThat(python("for there in os.walk('.'): print(there)"))
                .containsExactly("('.', ['sub'], [])", "('./sub', [], ['f'])");
        assertThat(python("print(open('sub/f').read(), os.listdir('.'))")).containsExactly("content ['sub']");
    }

    @Test
    void linksThatLeadOutAreNotFollowed() throws Exception {
        server.put("f", S_IFREG | 0644, "content".getBytes(UTF_8));
        server.put("in", S_IFLNK | 0777, "./f".getBytes(UTF_8));
        server.put("absolute", S_IFLNK | 0777, "/etc/passwd".getBytes(UTF_8));
        server.put("up", S_IFLNK | 0777, "../../etc/passwd".getBytes(UTF_8));

        assertThat(python("print(open('in').read())")).containsExactly("content");
        assertThat(errnoOf("open('absolute')")).isEqualTo("EPERM");
        assertThat(errnoOf("open('up')")).isEqualTo("EPERM");
        assertThat(errnoOf("os.readlink('up')")).isEqualTo("EPERM");
    }

    @Test
    void aSessionThatIsOverIsAnIoErrorAndTheMountCanBeUnmounted() throws Exception {
        server.put("f", S_IFREG | 0644, "content".getBytes(UTF_8));
        server.lie(Tread.class, (request, truth) -> new Rread(ByteBuffer.allocate(8000)));

        assertThat(errnoOf("os.pread(os.open('f', os.O_RDONLY), 100, 0)")).isEqualTo("EIO");
        assertThat(mounted.share.session().status().connected()).isFalse();
        server.tellTheTruth();
        assertThat(errnoOf("os.listdir('.')")).isEqualTo("EIO");
        assertThat(errnoOf("os.mkdir('new')")).isEqualTo("EIO");
    }

    @Test
    void whatTheServerRefusesIsOneLineOfDebugWithOperationPathAndErrno() throws Exception {
        server.put("dir", S_IFDIR | 0755);
        server.put("dir/f", S_IFREG | 0644);
        server.lie(Tunlinkat.class, (request, truth) -> new Rlerror(EACCES));
        server.lie(
                Tlopen.class,
                (request, truth) -> OpenFlags.writes(((Tlopen) request).flags()) ? new Rlerror(EACCES) : truth);
        try (Logged logged = Logged.debugFrom(Failures.class)) {
            assertThat(errnoOf("os.open('dir/f', os.O_WRONLY)")).isEqualTo("EACCES");
            // This server removes the name although it replies EACCES.
            assertThat(errnoOf("os.unlink('dir/f')")).isEqualTo("EACCES");
            assertThat(errnoOf("os.mkdir(b'dir/\\xff\\n')")).isEqualTo("none");
            assertThat(errnoOf("os.rmdir(b'dir/\\xff\\n')")).isEqualTo("EACCES");
            assertThat(errnoOf("os.stat('dir/absent')")).as("nothing to tell").isEqualTo("ENOENT");

            assertThat(logged.lines())
                    .containsExactly(
                            "DEBUG open of /dir/f: EACCES (13): dev.ninepin.session.exchange.RemoteException: the server answered"
                                    + " Tlopen with errno 13",
                            "DEBUG unlink of /dir/f: EACCES (13): dev.ninepin.session.exchange.RemoteException: the server answered"
                                    + " Tunlinkat with errno 13",
                            "DEBUG rmdir of /dir/\\xff\\x0a: EACCES (13): dev.ninepin.session.exchange.RemoteException: the server"
                                    + " answered Tunlinkat with errno 13");
        }
    }

    private static Rgetattr ofFiles(final Message truth, final int mode, final long size) {
        final Rgetattr is = (Rgetattr) truth;
        return is.qid().isDirectory() ? is : LyingServer.attributes(is.qid(), mode, size, 1, 4096);
    }

    private static Dirent entry(final String name, final long cookie, final long number) {
        return new Dirent(new Qid(0, 0, number), cookie, 8, ByteString.of(name));
    }

    /** Returns the name of the errno with which a Python statement fails, or "none" if it succeeds. */
    private String errnoOf(final String statement) throws Exception {
        final List<String> output = run(
                "import errno",
                "try:",
                "    os.chdir('" + mounted.root + "')",
                "    " + statement,
                "    print('none')",
                "except OSError as e:",
                "    print(errno.errorcode[e.errno])");
        return output.get(0);
    }

    /** Runs a Python script in the root of the mount, and returns its output. */
    private List<String> python(final String... lines) throws Exception {
        return run("os.chdir('" + mounted.root + "')", String.join("\n", lines));
    }

    private List<String> run(final String... lines) throws Exception {
        final List<String> script = new ArrayList<>(List.of("import os, sys, stat, mmap"));
        script.addAll(List.of(lines));
        // Starts the process outside the mount, without accessing the mount: it may be unusable.
        final Process process =
                Mounted.start(mounted.root.getParent(), Python.COMMAND, "-I", "-c", String.join("\n", script));
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.lines().toList();
    }
}
