package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.Connection;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.fuse.mount.MountBusyException;
import dev.ninepin.fuse.mount.MountCopy;
import dev.ninepin.fuse.server.PendingSignals;
import dev.ninepin.fuse.server.Workers;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.os.LibC;
import dev.ninepin.os.ThreadStatus;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.testing.Python;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.constants.platform.Errno;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests of how a mount starts and ends. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseMountTest {
    /** umount2(2): detach the mount, even if it is in use. */
    private static final int MNT_DETACH = 2;

    private static final FuseOptions OPTIONS = new FuseOptions("memory", false, false, false);

    @BeforeEach
    @AfterEach
    void nothingIsLeft() throws IOException {
        assertThat(Files.readAllLines(Path.of("/proc/self/mounts"))).noneMatch(line -> line.contains(Mounted.PREFIX));
        await().untilAsserted(() -> assertThat(threads()).isEmpty());
    }

    private static java.util.List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ninepin-"))
                .toList();
    }

    @Test
    void theMountIsShownWithItsSourceAndType() throws IOException {
        final var files = new MemoryFiles(CacheMode.OPEN);
        try (var mounted = new Mounted(files, new FuseOptions("tag, with \\ and é", true, true, true))) {
            final var words = mounted.mountinfo();
            assertThat(words.get(5)).contains("ro", "nosuid", "nodev");
            final var types = words.subList(words.indexOf("-") + 1, words.size());
            assertThat(types.get(0)).isEqualTo("fuse.ninepin");
            // mountinfo holds bytes, which are decoded as Latin-1 here.
            assertThat(types.get(1)).isEqualTo("tag,\\040with\\040\\134\\040and\\040\u00c3\u00a9");
            assertThat(types.get(2)).contains("allow_other", "default_permissions");
            assertThatThrownBy(() -> Files.createFile(mounted.file("f"))).hasMessageContaining("Read-only file system");
        }
    }

    @Test
    void aFailureToShowTheRootIsTheFailureOfTheMount(@TempDir final Path directory) {
        final var files = new MemoryFiles(CacheMode.OPEN);
        files.interfere((operation, node) -> {
            throw new MemoryFiles.Failure(Errno.ESTALE);
        });
        assertThatThrownBy(() -> FuseMount.mount(files, directory, OPTIONS, MemoryFiles::errnoOf))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot get the attributes of the share's root: ESTALE")
                .hasRootCauseInstanceOf(MemoryFiles.Failure.class);
    }

    @Test
    void aMountNeedsAnEmptyDirectory(@TempDir final Path directory) throws IOException {
        final Path file = Files.createFile(directory.resolve("file"));
        final var files = new MemoryFiles(CacheMode.OPEN);
        assertThatThrownBy(() -> FuseMount.mount(files, directory.resolve("absent"), OPTIONS))
                .hasMessage(directory.resolve("absent") + " does not exist");
        assertThatThrownBy(() -> FuseMount.mount(files, file, OPTIONS)).hasMessage(file + " is not a directory");
        assertThatThrownBy(() -> FuseMount.mount(files, directory, OPTIONS)).hasMessage(directory + " is not empty");
    }

    @Test
    void aBusyMountIsNotUnmountedAndGoesOn() throws IOException {
        try (var mounted = new Mounted()) {
            try (var channel = writer(mounted.file("f"))) {
                assertThatThrownBy(mounted.mount::unmount).isInstanceOf(MountBusyException.class);
                channel.write(ByteBuffer.wrap("after".getBytes(UTF_8)));
            }
            assertThat(mounted.file("f")).hasContent("after");
            mounted.mount.unmount();
            assertThat(mounted.mount.hasEnded()).isTrue();
            assertThat(mounted.mountinfo()).isEmpty();
            assertThat(mounted.files.openHandles()).isZero();
        }
    }

    @Test
    void aDetachedMountLivesUntilItsLastFileIsClosed() throws Exception {
        try (var mounted = new Mounted()) {
            try (var channel = writer(mounted.file("f"))) {
                mounted.mount.detach();
                assertThat(mounted.mountinfo()).isEmpty();
                assertThat(channel.write(ByteBuffer.wrap(new byte[5]))).isEqualTo(5);
                assertThat(mounted.mount.hasEnded()).isFalse();
            }
            mounted.mount.awaitEnd();
        }
    }

    @Test
    void aMountLivesUntilItsLastCopyIsUnmounted() throws Exception {
        assumeTrue(LibC.get().geteuid() == 0, "only root may make mount namespaces");
        try (var mounted = new Mounted()) {
            final Path bound = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
            Mounted.start(bound, "mount", "--bind", mounted.root.toString(), bound.toString())
                    .waitFor();
            final Process copier = Mounted.start(
                    bound.getParent(), "unshare", "-m", "--propagation", "private", "sh", "-c", "echo; read line");
            assertThat(copier.inputReader(UTF_8).readLine()).isEmpty();
            assertThat(mounted.mount.unmount()).hasSize(3);

            assertThat(mounted.mount.isMounted()).isFalse();
            assertThat(mounted.mount.isAlive()).isTrue();
            assertThat(mounted.mount.copies())
                    .containsExactlyInAnyOrder(
                            new MountCopy(bound.toString(), null, null),
                            new MountCopy(mounted.root.toString(), copier.pid(), "sh"),
                            new MountCopy(bound.toString(), copier.pid(), "sh"));
            Mounted.start(mounted.root, "umount", bound.toString()).waitFor();
            assertThat(mounted.mount.copies()).hasSize(2);
            copier.destroyForcibly().waitFor();
            mounted.mount.awaitEnd();
            assertThat(mounted.mount.copies()).isEmpty();
            Files.delete(bound);
        }
    }

    @Test
    void aFileSystemIsDeadWhenNobodyServesIt() throws Exception {
        try (var mounted = new Mounted()) {
            assertThat(FuseMount.isDead(mounted.root)).isFalse();
            abort(mounted.mount.connection());
            assertThat(FuseMount.isDead(mounted.root)).isTrue();
            assertThat(FuseMount.isDead(mounted.root.getParent())).isFalse();
            assertThat(Mounted.start(Path.of("/"), "umount", mounted.root.toString())
                            .waitFor())
                    .isZero();
        }
    }

    @Test
    void theEndOfAConnectionNeverReachesTheNextMountWithItsNumber() throws Exception {
        final List<Mounted> later = new ArrayList<>();
        try {
            final Connection ended;
            try (var mounted = new Mounted()) {
                ended = Connection.open(mounted.mount.connection());
            }
            try (ended) {
                // The kernel hands out the lowest number that is free; another JVM of these tests may take one, too.
                do {
                    later.add(new Mounted());
                } while (later.get(later.size() - 1).mount.connection() < ended.number());
                ended.abort(() -> {});
                for (final Mounted mounted : later) {
                    assertThat(FuseMount.isDead(mounted.root)).isFalse();
                }
            }
        } finally {
            for (final Mounted mounted : later) {
                mounted.close();
            }
        }
    }

    @Test
    void closingADetachedMountEndsWhatIsStillOpenThere() throws Exception {
        try (var mounted = new Mounted()) {
            final var channel = writer(mounted.file("f"));
            mounted.mount.detach();
            mounted.mount.close();
            assertThat(mounted.mount.hasEnded()).isTrue();
            assertThatThrownBy(() -> channel.write(ByteBuffer.wrap(new byte[5])))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(channel::close).hasMessage("Transport endpoint is not connected");
        }
    }

    @Test
    void closingABusyMountWritesWhatIsDirtyFirst() throws Exception {
        try (var mounted = new Mounted()) {
            mounted.files.makeFile("f", 10000);
            final Process holder = mounted.start(Python.COMMAND, "-c", """
                    import mmap, os, sys
                    m = mmap.mmap(os.open('f', os.O_RDWR), 10000)
                    m[9000:9005] = b'dirty'
                    print('ready', flush=True)
                    sys.stdin.read()
                    """);
            try (var output = holder.inputReader(UTF_8)) {
                assertThat(output.readLine()).isEqualTo("ready");
                mounted.mount.close();
                assertThat(mounted.mountinfo()).isEmpty();
            } finally {
                holder.destroyForcibly().waitFor();
            }
            final long node = mounted.files
                    .lookup(FileOperations.ROOT, dev.ninepin.p9.ByteString.of("f"))
                    .node();
            try (var result = mounted.files.read(mounted.files.open(node, 0, new NoKernelCache()), 9000, 5)) {
                assertThat(UTF_8.decode(result.data()).toString()).isEqualTo("dirty");
            }
        }
    }

    @Test
    void aMountThatSomeoneElseUnmountsEnds() throws Exception {
        try (var mounted = new Mounted()) {
            final Process umount = Mounted.start(Path.of("/"), "umount", mounted.root.toString());
            assertThat(umount.waitFor()).isZero();
            mounted.mount.awaitEnd();
            assertThat(mounted.mount.hasEnded()).isTrue();
            mounted.mount.unmount();
        }
    }

    @Test
    void closingEndsRequestsThatTheServerDoesNotAnswer() throws Exception {
        final var entered = new CountDownLatch(3);
        final var interrupted = new CountDownLatch(3);
        try (var mounted = new Mounted()) {
            mounted.files.makeFile("f", 10);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("read")) {
                    entered.countDown();
                    waitForInterrupt(interrupted);
                }
            });
            final var readers = new java.util.ArrayList<Process>();
            for (int i = 0; i < 3; i++) {
                readers.add(mounted.start("dd", "if=f", "iflag=direct"));
            }
            assertThat(entered.await(20, SECONDS)).isTrue();
            // Another request of the kernel may be in progress as well.
            await().until(() -> mounted.mount.status().requestsInProgress() == 3);
            assertThat(mounted.mount.status().oldestRequestNanos()).isPositive();
            mounted.mount.close();
            assertThat(interrupted.await(0, SECONDS)).isTrue();
            for (final Process reader : readers) {
                assertThat(reader.waitFor()).isNotZero();
            }
        }
    }

    @Test
    void aMountBelowAnotherIsLeftAloneUntilThatIsGone() throws Exception {
        try (var below = new Mounted()) {
            try (var above = FuseMount.mount(new MemoryFiles(CacheMode.OPEN), below.root, OPTIONS)) {
                assertThatThrownBy(below.mount::unmount)
                        .hasMessage("another file system is mounted on top of " + below.root);
                above.unmount();
            }
            below.mount.unmount();
            assertThat(below.mount.hasEnded()).isTrue();
        }
    }

    @Test
    void aDeadMountIsNamedAsSuch() throws Exception {
        try (var mounted = new Mounted()) {
            abort(Integer.parseInt(mounted.mountinfo().get(2).substring(2)));
            mounted.mount.awaitEnd();
            assertThatThrownBy(() -> FuseMount.mount(mounted.files, mounted.root, OPTIONS))
                    .hasMessageStartingWith("a dead mount is on " + mounted.root);
            assertThat(Mounted.start(Path.of("/"), "umount", mounted.root.toString())
                            .waitFor())
                    .isZero();
        }
    }

    @Test
    void aSignalInterruptsItsRequestAndNoOther() throws Exception {
        final Map<Long, Thread> blocked = new ConcurrentHashMap<>();
        final Map<Long, Boolean> given = new ConcurrentHashMap<>();
        final var release = new CountDownLatch(1);
        try (var mounted = new Mounted()) {
            mounted.files.makeFile("one", 4);
            mounted.files.makeFile("two", 4);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("read")) {
                    blocked.put(node, Thread.currentThread());
                    try {
                        release.await();
                    } catch (final InterruptedException e) {
                        given.put(node, true);
                        throw new MemoryFiles.Failure(Errno.EINTR);
                    }
                }
            });
            final Process one = mounted.start("dd", "if=one", "iflag=direct");
            await().until(() -> blocked.size() == 1);
            final long first = blocked.keySet().iterator().next();
            final Process two = mounted.start("dd", "if=two", "iflag=direct", "status=none");
            await().until(() -> blocked.size() == 2);

            new ProcessBuilder("kill", "-TERM", Long.toString(one.pid()))
                    .start()
                    .waitFor();
            assertThat(one.waitFor()).isNotZero();
            assertThat(given).containsOnlyKeys(first);
            // The interrupted thread goes on to serve other requests.
            for (int i = 0; i < 50; i++) {
                assertThat(Files.readAttributes(mounted.file("one"), "unix:size"))
                        .containsEntry("size", 4L);
            }
            release.countDown();
            assertThat(two.waitFor()).isZero();
            assertThat(two.getInputStream().readAllBytes()).hasSize(4);
            assertThat(given).hasSize(1);
        }
    }

    /** The signal may be a timer or the end of a child. No local file system fails a system call for such a signal. */
    @Test
    void aProgramThatHandlesASignalWaitsForItsAnswer() throws Exception {
        final Set<Long> blocked = ConcurrentHashMap.newKeySet();
        final Set<Long> given = ConcurrentHashMap.newKeySet();
        final var release = new CountDownLatch(1);
        try (var mounted = new Mounted()) {
            mounted.files.makeFile("one", 4);
            mounted.files.makeFile("two", 4);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("open")) {
                    blocked.add(node);
                    try {
                        release.await();
                    } catch (final InterruptedException e) {
                        given.add(node);
                        throw new MemoryFiles.Failure(Errno.EINTR);
                    }
                }
            });
            final Process handles = mounted.start("sh", "-c", "trap 'echo handled' USR1; exec 3<one; cat <&3 | wc -c");
            await().until(() -> blocked.size() == 1);
            final long first = blocked.iterator().next();
            signal("USR1", handles);
            awaitPending(handles);
            // The other program got its signal later, but its request is given up first.
            final Process ends = mounted.start("cat", "two");
            await().until(() -> blocked.size() == 2);
            signal("TERM", ends);
            assertThat(ends.waitFor()).isNotZero();
            assertThat(given).hasSize(1).doesNotContain(first);

            release.countDown();
            assertThat(new String(handles.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("handled\n4\n");
            assertThat(handles.waitFor()).isZero();
            assertThat(given).hasSize(1);
        }
    }

    /** The kernel does not report a second signal during the same request. */
    @Test
    void aProgramThatHasHandledASignalCanStillBeKilled() throws Exception {
        final var blocked = new CountDownLatch(1);
        final var given = new CountDownLatch(1);
        try (var mounted = new Mounted()) {
            mounted.files.makeFile("one", 4);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("open")) {
                    blocked.countDown();
                    waitForInterrupt(given);
                }
            });
            final Process program = mounted.start("sh", "-c", "trap : USR1; exec 3<one");
            blocked.await();
            signal("USR1", program);
            awaitPending(program);
            signal("KILL", program);
            given.await();
            assertThat(program.waitFor()).isNotZero();
        }
    }

    private static void signal(final String name, final Process program) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(program.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Blocks until a signal is pending for the program. */
    private static void awaitPending(final Process program) {
        final Path status = Path.of("/proc", Long.toString(program.pid()), "status");
        await().until(() ->
                PendingSignals.of(ThreadStatus.of(Files.readAllLines(status))).pending() != 0);
    }

    @Test
    void howeverManyRequestsBlockOthersAreServedAndTheirThreadsLeaveAfterwards() throws Exception {
        final var release = new CountDownLatch(1);
        final int clients = Workers.KEPT + 36;
        final var entered = new CountDownLatch(clients);
        try (var mounted = new Mounted()) {
            mounted.files.makeFile("f", 4);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("read")) {
                    entered.countDown();
                    waitFor(release);
                }
            });
            final var readers = new java.util.ArrayList<Process>();
            for (int i = 0; i < clients; i++) {
                readers.add(mounted.start("dd", "if=f", "iflag=direct", "status=none"));
            }
            assertThat(entered.await(30, SECONDS)).isTrue();
            assertThat(mounted.file("f")).hasSize(4);
            assertThat(threads()).hasSizeGreaterThan(clients);
            release.countDown();
            for (final Process reader : readers) {
                assertThat(reader.waitFor()).isZero();
            }
            await().untilAsserted(() -> assertThat(threads()).hasSizeLessThanOrEqualTo(Workers.KEPT));
        }
    }

    @Test
    void twoHundredMountsUnderLoadLeaveNothing() throws Exception {
        cycle(20);
        final long descriptors = openDescriptors();
        cycle(180);
        assertThat(openDescriptors()).isLessThanOrEqualTo(descriptors);
    }

    private static void cycle(final int times) throws Exception {
        for (int i = 0; i < times; i++) {
            final var stop = new AtomicBoolean();
            final var busy = new CountDownLatch(1);
            try (var mounted = new Mounted()) {
                final Thread load = new Thread(() -> {
                    while (!stop.get()) {
                        Files.exists(mounted.file("absent"));
                        busy.countDown();
                    }
                });
                load.start();
                busy.await();
                mounted.mount.close();
                stop.set(true);
                load.join();
            }
        }
    }

    private static long openDescriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return list.count();
        }
    }

    @Test
    void aMountThatIsGoneBeforeItIsServedLeavesNoSession(@TempDir final Path directory) throws Exception {
        assumeTrue(LibC.get().geteuid() == 0, "only root may call umount2");
        final var fuse = new FaultyFuse();
        fuse.failOnce("fuse_mount", (real, arguments) -> {
            final long channel = real.fuse_mount((Pointer) arguments[0], (Pointer) arguments[1]);
            // umount(8) would ask the file system for attributes, which nobody serves yet.
            assertThat(LibC.get().umount2((Pointer) arguments[0], MNT_DETACH)).isZero();
            return channel;
        });
        final var files = new MemoryFiles(CacheMode.OPEN);
        assertThatThrownBy(() -> FuseMount.mount(fuse.library, files, directory, OPTIONS, MemoryFiles::errnoOf, true))
                .isInstanceOf(IOException.class);
        assertThat(fuse.calls("fuse_session_destroy")).isEqualTo(fuse.calls("fuse_lowlevel_new"));
        assertThat(fuse.calls("fuse_unmount")).isEqualTo(1);
    }

    @Test
    void aMountThatIsInterruptedLeavesNothing(@TempDir final Path directory) throws Exception {
        final var asked = new CountDownLatch(1);
        final var files = new MemoryFiles(CacheMode.OPEN);
        files.interfere((operation, node) -> {
            asked.countDown();
            waitForInterrupt(new CountDownLatch(1));
        });
        final var mounting = new java.util.concurrent.FutureTask<>(() -> {
            assertThatThrownBy(() -> FuseMount.mount(files, directory, OPTIONS, MemoryFiles::errnoOf))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            return Mounted.mountinfo(directory);
        });
        final Thread thread = new Thread(mounting, "mounting");
        thread.start();
        assertThat(asked.await(20, SECONDS)).isTrue();
        thread.interrupt();
        assertThat(mounting.get()).isEmpty();
    }

    @Test
    void aMountThatIsInterruptedBeforeItBeginsLeavesNothing(@TempDir final Path directory) throws Exception {
        LibFuse.get();
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() ->
                            FuseMount.mount(new MemoryFiles(CacheMode.OPEN), directory, OPTIONS, MemoryFiles::errnoOf))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(Mounted.mountinfo(directory)).isEmpty();
    }

    @Test
    void anInterruptDoesNotKeepABusyMountFromEnding() throws Exception {
        try (var mounted = new Mounted()) {
            final var channel = writer(mounted.file("f"));
            Thread.currentThread().interrupt();
            try {
                mounted.mount.close();
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(mounted.mount.hasEnded()).isTrue();
            assertThatThrownBy(channel::close).hasMessage("Transport endpoint is not connected");
        }
    }

    @Test
    void aConnectionThatEndedIsNotTakenForOneThatHasItsNumberNow() throws Exception {
        final var entered = new CountDownLatch(1);
        final var release = new CountDownLatch(1);
        final Path root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        final var files = new MemoryFiles(CacheMode.OPEN);
        files.makeFile("f", 10);
        try (var hung = FuseMount.mount(files, root, OPTIONS, MemoryFiles::errnoOf)) {
            files.interfere((operation, node) -> {
                if (operation.equals("read")) {
                    entered.countDown();
                    waitFor(release);
                }
            });
            final String device = Mounted.mountinfo(root).get(2);
            final Process reader = Mounted.start(Path.of("/"), "dd", "if=" + root.resolve("f"), "iflag=direct");
            assertThat(entered.await(20, SECONDS)).isTrue();
            umountByForce(root);
            assertThat(reader.waitFor()).isNotZero();
            assertThat(hung.hasEnded()).isFalse();

            try (var next = mountNumbered(device, root)) {
                hung.close();
                assertThat(hung.hasEnded()).isTrue();
                assertThat(next.hasEnded()).isFalse();
                assertThat(root).isEmptyDirectory();
            }
        } finally {
            release.countDown();
            Files.delete(root);
        }
    }

    @Test
    void aRequestInProgressDoesNotOutliveTheMountForLong() throws Exception {
        final var entered = new CountDownLatch(1);
        final Path root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        final var files = new MemoryFiles(CacheMode.OPEN);
        files.makeFile("f", 10);
        try (var mount = FuseMount.mount(files, root, OPTIONS, MemoryFiles::errnoOf)) {
            files.interfere((operation, node) -> {
                if (operation.equals("read")) {
                    entered.countDown();
                    waitForInterrupt(new CountDownLatch(1));
                }
            });
            final Process reader = Mounted.start(Path.of("/"), "dd", "if=" + root.resolve("f"), "iflag=direct");
            assertThat(entered.await(20, SECONDS)).isTrue();
            umountByForce(root);
            assertThat(reader.waitFor()).isNotZero();
            await().atMost(20, SECONDS).until(mount::hasEnded);
            assertThat(files.isDisconnected()).isTrue();
        } finally {
            Files.delete(root);
        }
    }

    /**
     * Returns a mount that has reused the device number of an ended mount. Retries if another process takes the number
     * first.
     */
    private static FuseMount mountNumbered(final String device, final Path root) {
        return await().pollInSameThread()
                .until(
                        () -> {
                            final var mount = FuseMount.mount(
                                    new MemoryFiles(CacheMode.OPEN), root, OPTIONS, MemoryFiles::errnoOf);
                            if (Mounted.mountinfo(root).get(2).equals(device)) {
                                return mount;
                            }
                            mount.close();
                            return null;
                        },
                        Objects::nonNull);
    }

    /**
     * Unmounts with {@code umount -f}, which aborts the connection first. Retries while programs that waited for
     * requests still keep the mount busy.
     */
    private static void umountByForce(final Path root) {
        await().until(() ->
                Mounted.start(Path.of("/"), "umount", "-f", root.toString()).waitFor() == 0);
    }

    @Test
    void aMountLivesWithoutAnyoneHoldingIt() throws Exception {
        final Path root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        FuseMount.mount(new MemoryFiles(CacheMode.OPEN), root, OPTIONS, MemoryFiles::errnoOf);
        for (int i = 0; i < 5; i++) {
            System.gc();
            Files.writeString(root.resolve("f" + i), "x");
        }
        assertThat(Mounted.start(Path.of("/"), "umount", root.toString()).waitFor())
                .isZero();
        await().until(() -> threads().isEmpty());
        Files.delete(root);
    }

    @Test
    void theMountPointMayHaveAnyName(@TempDir final Path directory) throws IOException {
        final Path odd = Files.createDirectory(directory.resolve("a b\\c\t%41,d\re\nf"));
        try (var mount = FuseMount.mount(new MemoryFiles(CacheMode.OPEN), odd, OPTIONS, MemoryFiles::errnoOf)) {
            Files.writeString(odd.resolve("f"), "x");
            mount.unmount();
            assertThat(mount.hasEnded()).isTrue();
        }
        assertThat(odd).isEmptyDirectory();
    }

    @Test
    void absencesAreRememberedForTheirTimeout() throws IOException {
        assertThat(lookupsOfTwoMisses(CacheMode.NONE)).isEqualTo(2);
        assertThat(lookupsOfTwoMisses(CacheMode.OPEN)).isEqualTo(1);
        assertThat(lookupsOfTwoMisses(CacheMode.LOOSE)).isEqualTo(1);
    }

    /** Looks for a missing name twice, within the timeout of absences unless that is 0. */
    private static int lookupsOfTwoMisses(final CacheMode cache) throws IOException {
        final var lookups = new AtomicInteger();
        try (var mounted = new Mounted(cache)) {
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("lookup")) {
                    lookups.incrementAndGet();
                }
            });
            for (int n = 0; ; n++) {
                lookups.set(0);
                final long begin = System.nanoTime();
                assertThat(mounted.file("absent" + n)).doesNotExist();
                assertThat(mounted.file("absent" + n)).doesNotExist();
                // If this thread had to wait for a processor, the absence may have expired.
                if (cache.absences().isZero()
                        || System.nanoTime() - begin < cache.absences().toNanos()) {
                    return lookups.get();
                }
            }
        }
    }

    @Test
    void pagesSurviveAnOpenOnlyWhereTheShareIsOurs() throws IOException {
        assertThat(readsOfTwoOpens(CacheMode.NONE)).isEqualTo(2);
        assertThat(readsOfTwoOpens(CacheMode.OPEN)).isEqualTo(2);
        assertThat(readsOfTwoOpens(CacheMode.LOOSE)).isEqualTo(1);
    }

    private static long readsOfTwoOpens(final CacheMode cache) throws IOException {
        try (var mounted = new Mounted(cache)) {
            mounted.files.makeFile("f", 4096);
            Files.readAllBytes(mounted.file("f"));
            Files.readAllBytes(mounted.file("f"));
            return mounted.mount.status().bytesRead() / 4096;
        }
    }

    private static FileChannel writer(final Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private static void waitFor(final CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            throw new MemoryFiles.Failure(Errno.EINTR);
        }
    }

    private static void waitForInterrupt(final CountDownLatch interrupted) throws IOException {
        try {
            new CountDownLatch(1).await();
        } catch (final InterruptedException e) {
            interrupted.countDown();
            throw new MemoryFiles.Failure(Errno.EINTR);
        }
    }

    private static void abort(final int number) throws IOException {
        try (Connection connection = Connection.open(number)) {
            connection.abort(() -> {});
        }
    }
}
