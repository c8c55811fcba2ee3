package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.InMemory;
import dev.ninepin.testing.Python;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests of files whose size is shown as 0: files with contents, as in Linux's {@code /proc}, and files that are really
 * empty.
 */
@Timeout(120)
class HiddenContentsTest {
    @TempDir(factory = InMemory.Place.class)
    private Path export;

    /**
     * Runs a Python script in a mount of a directory that QEMU exports. Returns the number of reads that QEMU has
     * answered.
     */
    private static long python(
            final Path exported, final CacheMode cache, final boolean mayMapUncached, final String script)
            throws Exception {
        final Path root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        try (RealServer server = ServerKind.QEMU.start(exported);
                Session session = Session.connect(server.connect(131096), SessionOptions.defaults(0));
                Share share = Share.open(session, new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty()));
                FuseMount mount = FuseMount.mount(
                        LibFuse.get(),
                        share,
                        root,
                        new FuseOptions("hidden", false, false, false),
                        Errno::of,
                        mayMapUncached)) {
            final Process python = Mounted.start(root, Python.COMMAND, "-c", script);
            python.getOutputStream().close();
            final String output = new String(python.getInputStream().readAllBytes(), UTF_8);
            assertThat(python.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(python.exitValue()).as(output).isZero();
            return session.status().messages().stream()
                    .filter(message -> message.name().equals("Tread"))
                    .mapToLong(message -> message.count())
                    .sum();
        } finally {
            Files.delete(root);
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE,true", "NONE,false", "OPEN,true", "OPEN,false", "LOOSE,true", "LOOSE,false"})
    void allOfAFileWhoseSizeIsZeroIsRead(final CacheMode cache, final boolean mayMapUncached) throws Exception {
        python(Path.of("/proc"), cache, mayMapUncached, """
                import os, subprocess, tempfile
                def run(*command):
                    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
                with open('/proc/version', 'rb') as file:
                    version = file.read()
                assert os.stat('version').st_size == 0
                for _ in range(2):
                    with open('version', 'rb') as file:
                        assert file.read() == version
                    assert run('cat', 'version') == version
                    assert run('grep', '-c', '', 'version') == b'1\\n'
                    assert run('cat', 'self/status').startswith(b'Name:')
                    with tempfile.TemporaryDirectory() as directory:
                        run('cp', 'version', directory)
                        with open(directory + '/version', 'rb') as file:
                            assert file.read() == version
                # More than a page of the server's kernel brings at once.
                with open('kallsyms', 'rb') as file, open('/proc/kallsyms', 'rb') as original:
                    assert file.read(1000000) == original.read(1000000)
                """);
    }

    @ParameterizedTest
    @CsvSource({"NONE,true", "NONE,false", "OPEN,true", "OPEN,false", "LOOSE,true", "LOOSE,false"})
    void anEmptyFileGrowsAndIsMappedOverAllItsDescriptors(final CacheMode cache, final boolean mayMapUncached)
            throws Exception {
        python(export, cache, mayMapUncached, """
                import mmap, os
                os.close(os.open('file', os.O_CREAT | os.O_WRONLY))
                reader = os.open('file', os.O_RDONLY)
                assert os.read(reader, 10) == b''
                writer = os.open('file', os.O_RDWR)
                os.write(writer, b'data')
                assert os.pread(reader, 10, 0) == os.pread(writer, 10, 0) == b'data'
                os.ftruncate(writer, 10000)
                with mmap.mmap(writer, 10000) as written, mmap.mmap(reader, 10000, prot=mmap.PROT_READ) as read:
                    written[9000:9004] = b'here'
                    assert read[9000:9004] == os.pread(reader, 4, 9000) == b'here'
                    os.pwrite(writer, b'more', 0)
                    assert read[:4] == written[:4] == os.pread(reader, 4, 0) == b'more'
                """);
    }

    @ParameterizedTest
    @CsvSource({"NONE", "OPEN", "LOOSE"})
    void anEmptyFileThatIsOpenedAndNotReadKeepsItsTimeOfAccess(final CacheMode cache) throws Exception {
        final Path file = Files.createFile(export.resolve("file"));
        final FileTime longAgo = FileTime.fromMillis(1000);
        Files.getFileAttributeView(file, BasicFileAttributeView.class).setTimes(longAgo, longAgo, null);

        assertThat(python(export, cache, true, "open('file').close()")).isZero();

        assertThat(Files.getAttribute(file, "lastAccessTime")).isEqualTo(longAgo);
    }

    @ParameterizedTest
    @CsvSource({"OPEN", "LOOSE"})
    void anOrdinaryFileIsNotAskedWhetherItHidesSomething(final CacheMode cache) throws Exception {
        Files.writeString(export.resolve("file"), "data");

        assertThat(python(export, cache, true, """
                with open('file', 'rb', buffering=0) as file:
                    assert file.read(10) == b'data'
                """)).isOne();
    }
}
