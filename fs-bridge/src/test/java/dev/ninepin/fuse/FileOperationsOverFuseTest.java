package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import dev.ninepin.share.NoKernelCache;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests of file operations through a real mount of a file system in memory. */
class FileOperationsOverFuseTest {
    private Mounted mounted;

    @BeforeEach
    void mount() throws IOException {
        mounted = new Mounted();
    }

    @AfterEach
    void unmount() throws IOException {
        mounted.close();
    }

    @Test
    void aFileIsMadeWrittenReadRenamedAndRemoved() throws IOException {
        final var file = mounted.file("file");
        Files.writeString(file, "contents");
        assertThat(file).hasContent("contents").hasSize(8);

        final var renamed = mounted.file("renamed");
        Files.move(file, renamed);
        assertThat(file).doesNotExist();
        assertThat(renamed).hasContent("contents");

        Files.delete(renamed);
        assertThat(mounted.root).isEmptyDirectory();
    }

    @Test
    void directoriesAreMadeAndRemovedOnlyWhenEmpty() throws IOException {
        final var inner = mounted.file("a/b/c");
        Files.createDirectories(inner);
        assertThatThrownBy(() -> Files.delete(mounted.file("a"))).hasMessageContaining("a");
        Files.delete(inner);
        Files.delete(mounted.file("a/b"));
        assertThat(mounted.file("a")).isEmptyDirectory();
    }

    @Test
    void aDeepTreeIsCopiedAndComparesEqual() throws Exception {
        mounted.python(
                "for i in range(200):",
                "    d = 'tree/%d/%d' % (i % 7, i % 3)",
                "    os.makedirs(d, exist_ok=True)",
                "    open(d + '/f%d' % i, 'wb').write(os.urandom(i * 37))");
        mounted.run("cp", "-a", "tree", "copy");
        mounted.run("diff", "-r", "tree", "copy");
        mounted.run("rm", "-rf", "tree", "copy");
        assertThat(mounted.root).isEmptyDirectory();
    }

    @Test
    void hardLinksAreOneFile() throws Exception {
        final List<String> seen = mounted.python(
                "a = os.open('one', os.O_RDWR | os.O_CREAT)",
                "os.link('one', 'two')",
                "b = os.open('two', os.O_RDWR)",
                "os.pwrite(a, b'first', 0)",
                "print(os.pread(b, 10, 0))",
                "os.pwrite(b, b'F', 0)",
                "print(os.pread(a, 10, 0))",
                "print(os.stat('one').st_ino == os.stat('two').st_ino, os.stat('one').st_nlink)",
                "os.unlink('one')",
                "print(os.stat('two').st_nlink)");
        assertThat(seen).containsExactly("b'first'", "b'First'", "True 2", "1");
    }

    @Test
    void aFileThatLostItsNameCanStillBeReadAndWritten() throws Exception {
        final List<String> seen = mounted.python(
                "f = os.open('gone', os.O_RDWR | os.O_CREAT)",
                "os.unlink('gone')",
                "os.write(f, b'still here')",
                "print(os.pread(f, 100, 0), os.fstat(f).st_size, os.fstat(f).st_nlink)");
        assertThat(seen).containsExactly("b'still here' 10 0");
    }

    @Test
    void linksKeepTheirTargetsByteForByte() throws Exception {
        final List<String> seen = mounted.python(
                "os.symlink(b'no\\xff\\xfe/such', b'link')",
                "print(os.readlink(b'link'), os.lstat('link').st_size)",
                "os.symlink(b'x' * 4095, b'long')",
                "print(len(os.readlink('long')))");
        assertThat(seen).containsExactly("b'no\\xff\\xfe/such' 9", "4095");
    }

    @Test
    void modesOwnersAndTimesToTheNanosecondAreSet() throws Exception {
        final List<String> seen = mounted.python(
                "open('f', 'w').close()",
                "os.chown('f', 12, 34)",
                "os.chmod('f', 0o4751)",
                "os.utime('f', ns=(1111111111123456789, -2222222222987654321))",
                "s = os.stat('f')",
                "print(oct(s.st_mode), s.st_uid, s.st_gid, s.st_atime_ns, s.st_mtime_ns, s.st_blksize)");
        assertThat(seen).containsExactly("0o104751 12 34 1111111111123456789 -2222222222987654321 4096");
    }

    @Test
    void touchSetsTheServersTime() throws Exception {
        final List<String> seen = mounted.python(
                "import time",
                "open('f', 'w').close()",
                "os.utime('f', (1, 1))",
                "os.utime('f')",
                "print(abs(os.stat('f').st_mtime - time.time()) < 60)");
        assertThat(seen).containsExactly("True");
    }

    @Test
    void specialFilesAreMade() throws Exception {
        final List<String> seen = mounted.python(
                "os.mkfifo('fifo', 0o640)",
                "os.mknod('device', 0o600 | stat.S_IFBLK, os.makedev(259, 70000))",
                "print(stat.S_ISFIFO(os.stat('fifo').st_mode), oct(os.stat('fifo').st_mode & 0o777))",
                "d = os.stat('device').st_rdev",
                "print(stat.S_ISBLK(os.stat('device').st_mode), os.major(d), os.minor(d))");
        assertThat(seen).containsExactly("True 0o640", "True 259 70000");
    }

    @Test
    void newFilesBelongToWhoeverMakesThem() throws Exception {
        mounted.close();
        mounted = new Mounted(new MemoryFiles(CacheMode.OPEN), new FuseOptions("memory", false, true, false));
        final List<String> seen = mounted.python(
                "os.setresgid(4321, 4321, 0)",
                "os.setresuid(1234, 1234, 0)",
                "open('f', 'w').close()",
                "os.mkdir('d')",
                "print(os.stat('f').st_uid, os.stat('f').st_gid, os.stat('d').st_uid)");
        assertThat(seen).containsExactly("1234 4321 1234");
    }

    @Test
    void extendedAttributesAreSetReadListedAndRemoved() throws Exception {
        final List<String> seen = mounted.python(
                "import errno",
                "def error(call, *arguments):",
                "    try: call(*arguments)",
                "    except OSError as e: return errno.errorcode[e.errno]",
                "open('f', 'w').close()",
                "large = os.urandom(65536)",
                "os.setxattr('f', 'user.large', large)",
                "os.setxattr('f', b'user.\\xff', b'\\0', os.XATTR_CREATE)",
                "os.setxattr('f', 'user.empty', b'')",
                "print(os.getxattr('f', 'user.large') == large, os.getxattr('f', b'user.\\xff'), os.getxattr('f', 'user.empty'))",
                "print(os.listxattr(b'f'))",
                "print(error(os.setxattr, 'f', 'user.empty', b'x', os.XATTR_CREATE))",
                "print(error(os.setxattr, 'f', 'user.none', b'x', os.XATTR_REPLACE))",
                "os.removexattr('f', 'user.large')",
                "print(error(os.getxattr, 'f', 'user.large'), error(os.removexattr, 'f', 'user.large'))",
                "import ctypes",
                "libc, room = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(2)",
                "print(libc.listxattr(b'f', room, 2), errno.errorcode[ctypes.get_errno()])",
                "print(libc.listxattr(b'f', None, 0), libc.getxattr(b'f', b'user.\\xff', None, 0))");
        assertThat(seen)
                .containsExactly(
                        "True b'\\x00' b''",
                        "['user.empty', 'user.large', 'user.\\udcff']",
                        "EEXIST",
                        "ENODATA",
                        "ENODATA ENODATA",
                        "-1 ERANGE",
                        "18 1");
    }

    @Test
    void theUmaskComesWithTheRequest() throws Exception {
        final List<String> seen = mounted.python(
                "os.umask(0o027)",
                "os.close(os.open('f', os.O_CREAT | os.O_WRONLY, 0o777))",
                "os.mkdir('d', 0o777)",
                "os.mknod('n', 0o666)",
                "print(*(oct(os.stat(name).st_mode & 0o777) for name in ('f', 'd', 'n')))");
        assertThat(seen).containsExactly("0o750 0o750 0o640");
    }

    @Test
    void tenThousandEntriesAreEachListedOnce() throws Exception {
        final List<String> seen = mounted.python(
                "for i in range(10000): os.mknod('entry-with-a-name-of-some-length-%05d' % i)",
                "names = os.listdir('.')", "print(len(names), len(set(names)))");
        assertThat(seen).containsExactly("10000 10000");
    }

    @Test
    void namesAreBytesWhateverTheLocale() throws Exception {
        final List<String> seen = mounted.python(
                "names = [b'latin-\\xe9', b'broken-\\xc3\\x28\\xff', b'new\\nline', b' ', b'\\\\', b'\\x01', b'x' * 255]",
                "for n in names: open(n, 'wb').write(n)",
                "print(sorted(os.listdir(b'.')) == sorted(names))",
                "print(all(open(n, 'rb').read() == n for n in names))",
                "for n in names: os.rename(n, n[:-1] + b'\\xfe')",
                "print(os.path.exists(b'latin-\\xfe'), os.path.exists(b'latin-\\xe9'))");
        assertThat(seen).containsExactly("True", "True", "True False");
        assertThat(mounted.files.lookup(FileOperations.ROOT, ByteString.copyOf("latin-\u00fe".getBytes(ISO_8859_1))))
                .isNotNull();
    }

    @Test
    void aFileMayBeSparseAndLargerThanFourGibibytes() throws Exception {
        final List<String> seen = mounted.python(
                "f = os.open('big', os.O_RDWR | os.O_CREAT)",
                "os.pwrite(f, b'end', 5 << 30)",
                "print(os.fstat(f).st_size, os.pread(f, 10, 5 << 30), os.pread(f, 4, 3 << 30))",
                "os.ftruncate(f, (6 << 30) + 1)",
                "print(os.stat('big').st_size)");
        assertThat(seen).containsExactly((5L << 30) + 3 + " b'end' b'\\x00\\x00\\x00\\x00'", "" + ((6L << 30) + 1));
    }

    @Test
    void aSharedMappingIsWrittenBack() throws Exception {
        mounted.python(
                "f = os.open('mapped', os.O_RDWR | os.O_CREAT)",
                "os.ftruncate(f, 100000)",
                "m = mmap.mmap(f, 100000)",
                "m[50000:50006] = b'mapped'",
                "m.flush()");
        assertThat(new String(Files.readAllBytes(mounted.file("mapped")), 50000, 6, UTF_8))
                .isEqualTo("mapped");
        mounted.close();
        try (var result = mounted.files.read(
                mounted.files.open(
                        mounted.files.lookup(1, ByteString.of("mapped")).node(), 0, new NoKernelCache()),
                50000,
                6)) {
            assertThat(UTF_8.decode(result.data()).toString()).isEqualTo("mapped");
        }
        mounted = new Mounted();
    }

    @Test
    void appendsGoToTheEndAndTruncationCuts() throws Exception {
        final List<String> seen = mounted.python(
                "open('log', 'wb').write(b'12345')",
                "a = os.open('log', os.O_WRONLY | os.O_APPEND)",
                "os.write(a, b'678')",
                "print(open('log', 'rb').read())",
                "os.truncate('log', 2)",
                "os.write(a, b'!')",
                "print(open('log', 'rb').read())",
                "open('log', 'wb').close()",
                "print(os.stat('log').st_size)");
        assertThat(seen).containsExactly("b'12345678'", "b'12!'", "0");
    }

    @Test
    void aRenameMayBeForbiddenToReplace() throws Exception {
        final List<String> seen = mounted.python(
                "import ctypes, errno",
                "libc = ctypes.CDLL(None, use_errno=True)",
                "def rename(old, new, flags):",
                "    failed = libc.renameat2(-100, old, -100, new, flags)",
                "    print(errno.errorcode[ctypes.get_errno()] if failed else 'renamed')",
                "open('one', 'w').write('1')",
                "open('two', 'w').write('2')",
                "rename(b'one', b'two', 1)",
                "rename(b'one', b'three', 1)",
                "rename(b'two', b'three', 2)",
                "rename(b'two', b'four', 4)",
                "rename(b'two', b'three', 0)",
                "print(os.listdir('.'), open('three').read())");
        assertThat(seen).containsExactly("EEXIST", "renamed", "EINVAL", "EINVAL", "renamed", "['three'] 2");
    }

    @Test
    void aFileIsMadeWithoutAName() throws Exception {
        final List<String> seen = mounted.python(
                "f = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o640)",
                "os.write(f, b'unnamed')",
                "print(os.listdir('.'), os.fstat(f).st_nlink, oct(os.fstat(f).st_mode))",
                "os.link('/proc/self/fd/%d' % f, 'named', src_dir_fd=f, follow_symlinks=True)",
                "print(open('named').read(), os.stat('named').st_nlink)");
        assertThat(seen).containsExactly("[] 0 0o100640", "unnamed 1");
    }

    @Test
    void aListingBringsTheAttributesOfItsEntries() throws Exception {
        final List<String> seen = mounted.python(
                "os.mkdir('d')",
                "for i in range(2000): open('d/%d' % i, 'w').write('x' * (i % 7))",
                "os.utime('d/5', ns=(1111111111123456789, -2222222222987654321))",
                "os.chown('d/6', 12, 34)",
                "os.mknod('d/device', 0o600 | stat.S_IFBLK, os.makedev(259, 70000))");
        assertThat(seen).isEmpty();
        // The new mount starts with no attributes in the kernel's cache.
        final MemoryFiles files = mounted.files;
        mounted.close();
        mounted = new Mounted(files, new FuseOptions("memory", false, false, false));

        final List<String> listed = mounted.python(
                "seen = {e.name: e.stat(follow_symlinks=False) for e in os.scandir('d')}",
                "print(len(seen), all(seen[str(i)].st_size == i % 7 for i in range(2000)))",
                "s = seen['5']",
                "print(s.st_atime_ns, s.st_mtime_ns, oct(s.st_mode), s.st_nlink, s.st_blksize)",
                "print(seen['6'].st_uid, seen['6'].st_gid)",
                "d = seen['device'].st_rdev",
                "print(os.major(d), os.minor(d))");

        assertThat(listed)
                .containsExactly(
                        "2001 True", "1111111111123456789 -2222222222987654321 0o100644 1 4096", "12 34", "259 70000");
        assertThat(calls("readdirplus")).isPositive();
        // The remaining lookups are for the directory itself and for entries that the kernel read before it switched to
        // READDIRPLUS.
        assertThat(calls("lookup")).isLessThan(1001);
    }

    @Test
    void withoutCacheAListingIsOnlyAListing() throws Exception {
        mounted.close();
        mounted = new Mounted(CacheMode.NONE);
        assertThat(mounted.python("open('f', 'w').write('12')", "print([e.stat().st_size for e in os.scandir('.')])"))
                .containsExactly("[2]");
        assertThat(calls("readdirplus")).isZero();
    }

    @Test
    void statfsShowsTheServersFigures() throws Exception {
        final List<String> seen = mounted.python(
                "s = os.statvfs('.')",
                "print(s.f_bsize, s.f_frsize, s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree, s.f_namemax)");
        assertThat(seen).containsExactly("4096 4096 %d %d %d 1000 900 255".formatted(1L << 33, 1L << 32, 1L << 31));
    }

    @Test
    void sixteenThreadsEachHaveTheirOwnFile() throws Exception {
        final var threads = Executors.newFixedThreadPool(16);
        try {
            final List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                final int number = i;
                done.add(threads.submit(() -> {
                    writeAndReadBack(number);
                    return null;
                }));
            }
            for (final Future<?> each : done) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(mounted.root).isEmptyDirectory();
    }

    private void writeAndReadBack(final int number) throws IOException {
        final var file = mounted.file("thread-" + number);
        for (int round = 0; round < 10; round++) {
            final byte[] data = new byte[300_000];
            java.util.Arrays.fill(data, (byte) (number + round));
            Files.write(file, data);
            assertThat(Files.readAllBytes(file)).isEqualTo(data);
            Files.delete(file);
        }
    }

    @Test
    void aFailureIsItsErrnoAndTheMountGoesOn() throws IOException {
        mounted.files.makeFile("f", 10);
        mounted.files.interfere((operation, node) -> {
            switch (operation) {
                case "open" -> throw new MemoryFiles.Failure(Errno.EDQUOT);
                case "unlink" -> throw new IllegalStateException("a bug");
                case "access" -> throw new MemoryFiles.Failure(Errno.EACCES);
                default -> {}
            }
        });
        assertThatThrownBy(() -> Files.readString(mounted.file("f")))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("Disk quota exceeded");
        assertThatThrownBy(() -> Files.delete(mounted.file("f"))).hasMessageContaining("Input/output error");
        assertThatThrownBy(() -> mounted.file("f")
                        .getFileSystem()
                        .provider()
                        .checkAccess(mounted.file("f"), java.nio.file.AccessMode.READ))
                .isInstanceOf(AccessDeniedException.class);

        mounted.files.interfere((operation, node) -> {});
        assertThat(mounted.file("f")).hasSize(10);
        await().until(() -> errors("open") == 1 && errors("unlink") == 1);
    }

    @Test
    void anErrorOfTheVirtualMachineIsAnErrnoToo() throws Exception {
        mounted.files.interfere((operation, node) -> {
            if (operation.equals("fsync")) {
                throw new StackOverflowError("provoked");
            }
        });
        final List<String> seen = mounted.python(
                "f = os.open('f', os.O_WRONLY | os.O_CREAT)",
                "try:",
                "    os.fsync(f)",
                "except OSError as e:",
                "    print(e.strerror)",
                "print(os.write(f, b'x'))");
        assertThat(seen).containsExactly("Input/output error", "1");
    }

    @Test
    void theErrorOfAnFsyncReachesItsCaller() throws Exception {
        mounted.files.interfere((operation, node) -> {
            if (operation.equals("fsync")) {
                throw new MemoryFiles.Failure(Errno.ENOSPC);
            }
        });
        final List<String> seen = mounted.python(
                "f = os.open('f', os.O_WRONLY | os.O_CREAT)",
                "os.write(f, b'x')",
                "try:",
                "    os.fsync(f)",
                "except OSError as e:",
                "    print(e.strerror)");
        assertThat(seen).containsExactly("No space left on device");
    }

    @Test
    void whatWasClosedThereIsSeenByTheNextOpenHere() throws IOException {
        final var file = mounted.file("f");
        Files.writeString(file, "ours");
        assertThat(file).hasContent("ours");
        mounted.files.overwrite("f", "them".getBytes(UTF_8));
        assertThat(file).hasContent("them");
    }

    @Test
    void theStatusCountsBytesAndOperations() throws IOException {
        Files.write(mounted.file("f"), new byte[1000]);
        Files.readAllBytes(mounted.file("f"));
        assertThat(mounted.file("absent")).doesNotExist();

        // An operation is recorded only after its reply, so the program may get here first.
        await().until(() -> mounted.mount.status().requestsInProgress() == 0);
        final FuseStatus status = mounted.mount.status();
        assertThat(status.bytesWritten()).isEqualTo(1000);
        assertThat(status.bytesRead()).isBetween(1000L, 4096L);
        assertThat(status.oldestRequestNanos()).isZero();
        assertThat(status.operations()).anySatisfy(operation -> {
            assertThat(operation.name()).isEqualTo("write");
            assertThat(operation.count()).isEqualTo(1);
            assertThat(operation.medianNanos()).isPositive();
        });
        assertThat(errors("lookup")).isZero();
    }

    @Test
    void anExecutableRunsFromTheMount() throws Exception {
        Files.copy(java.nio.file.Path.of("/bin/true"), mounted.file("true"));
        mounted.run("chmod", "755", "true");
        mounted.run(mounted.file("true").toString());
    }

    @Test
    void exclusiveCreationFailsWhereTheNameIsTaken() throws IOException {
        Files.createFile(mounted.file("f"));
        assertThatThrownBy(() -> Files.newOutputStream(mounted.file("f"), StandardOpenOption.CREATE_NEW))
                .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
    }

    private long calls(final String operation) {
        return mounted.mount.status().operations().stream()
                .filter(stats -> stats.name().equals(operation))
                .mapToLong(stats -> stats.count())
                .sum();
    }

    private long errors(final String operation) {
        return mounted.mount.status().operations().stream()
                .filter(stats -> stats.name().equals(operation))
                .mapToLong(stats -> stats.errors())
                .sum();
    }
}
