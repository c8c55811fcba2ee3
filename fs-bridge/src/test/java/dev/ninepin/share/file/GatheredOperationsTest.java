package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.LockMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tlink;
import dev.ninepin.p9.Tlock;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Trename;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Twrite;
import dev.ninepin.share.Share;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests of the operations that depend on the data, the size or the times of a file that has gathered writes. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GatheredOperationsTest extends GatheredWritesFixture {
    private static final ByteString NEW = ByteString.of("new");
    private static final ByteString ATTRIBUTE = ByteString.of("user.attribute");
    private static final Caller ME = new Caller(0, 0);

    /** An operation on a file. Some have no result with this server: only what they wait for counts. */
    @FunctionalInterface
    private interface Operation {
        void run(Share share, long node, long handle) throws IOException;
    }

    /** The operations that depend on the data, the size or the times of a file, by the methods of FileOperations. */
    private static final Map<String, Operation> DEPENDENT = Map.ofEntries(
            Map.entry("lookup", (share, node, handle) -> {
                share.lookup(ROOT, NAME);
                share.forget(node, 1);
            }),
            Map.entry("lookupAll", (share, node, handle) -> {
                share.lookupAll(ROOT, List.of(new Dirent(new Qid(0, 0, 0), 1, 0, NAME)), System.nanoTime());
                share.forget(node, 1);
            }),
            Map.entry("getattr", (share, node, handle) -> share.getattr(node)),
            Map.entry("getattrToRead", (share, node, handle) -> share.getattrToRead(node, KERNEL)),
            Map.entry("attributesOfOpen", (share, node, handle) -> share.attributesOfOpen(node)),
            Map.entry("access", (share, node, handle) -> share.access(ME, node, 0)),
            Map.entry("setattr", (share, node, handle) -> share.setattr(node, AttributeChange.size(1))),
            Map.entry("setattrOfOpen", (share, node, handle) -> share.setattrOfOpen(handle, AttributeChange.size(1))),
            Map.entry("changeNothing", (share, node, handle) -> share.changeNothing(ME, node)),
            Map.entry("loseSetId", (share, node, handle) -> share.loseSetId(handle)),
            Map.entry(
                    "setxattr",
                    (share, node, handle) -> share.setxattr(ME, node, ATTRIBUTE, ByteBuffer.allocate(1), 0)),
            Map.entry("link", (share, node, handle) -> share.link(node, ROOT, NEW)),
            Map.entry("rename", (share, node, handle) -> share.rename(ROOT, NAME, ROOT, NEW)),
            Map.entry(
                    "renameWithoutReplacing",
                    (share, node, handle) -> share.renameWithoutReplacing(ROOT, NAME, ROOT, NEW)),
            Map.entry("open", (share, node, handle) -> share.release(share.open(node, OpenFlags.RDONLY, KERNEL))),
            Map.entry(
                    "create",
                    (share, node, handle) -> share.release(share.create(ME, ROOT, NAME, OpenFlags.RDWR, 0600, KERNEL)
                            .handle())),
            Map.entry("read", (share, node, handle) -> share.read(handle, 0, 10).close()),
            Map.entry("readWithoutPages", (share, node, handle) -> share.readWithoutPages(handle, 0, 10)
                    .close()),
            Map.entry(
                    "write",
                    (share, node, handle) -> share.write(
                            handle,
                            0,
                            ByteBuffer.allocateDirect(10),
                            OpenFlags.RDWR | OpenFlags.DSYNC | OpenFlags.APPEND)),
            Map.entry(
                    "writePages",
                    (share, node, handle) ->
                            share.writePages(handle, SMALL, ByteBuffer.allocateDirect(10), OpenFlags.RDWR)),
            Map.entry("flush", (share, node, handle) -> share.flush(handle, OWNER)),
            Map.entry("fsync", (share, node, handle) -> share.fsync(handle, true)),
            Map.entry("lock", (share, node, handle) -> share.lock(lock(handle), false, KERNEL)),
            Map.entry("flock", (share, node, handle) -> share.flock(lock(handle), false, KERNEL)),
            Map.entry("release", (share, node, handle) -> share.release(handle)));

    /** All other operations. */
    private static final Set<String> INDEPENDENT = Set.of(
            "forUser",
            "forOpener",
            "pathOf",
            "knownDirectory",
            "forget",
            "surplus",
            "readlink",
            "mknod",
            "mkdir",
            "symlink",
            // The open file keeps its fids.
            "unlink",
            "rmdir",
            "isShownEmpty",
            "hidesContents",
            "createUnnamed",
            "written",
            "takesLocks",
            "lockInTheWay",
            "opendir",
            "readdir",
            "fsyncdir",
            "releasedir",
            "statfs",
            "xattrSize",
            "getxattr",
            "xattrListSize",
            "listxattr",
            "removexattr",
            "disconnected",
            "isServerAnswering",
            "holdWaits",
            "releaseWaits",
            "cache",
            "timeouts");

    static Stream<Arguments> dependentOperations() {
        return new TreeSet<>(DEPENDENT.keySet())
                .stream()
                        .flatMap(name -> Stream.of(
                                Arguments.of(name, OpenFlags.RDWR),
                                Arguments.of(name, OpenFlags.RDWR | OpenFlags.APPEND)));
    }

    @ParameterizedTest
    @MethodSource("dependentOperations")
    void whatDependsOnAGatheredWriteWaitsForIt(final String name, final int flags) throws Exception {
        final long handle = openFile(flags);
        final long node = node();
        server.hold();
        writeNext(handle, flags);
        writeNext(handle, flags);
        final AtomicBoolean ended = new AtomicBoolean();
        try (BackgroundCall<Boolean> call = BackgroundCall.start(name, () -> {
            runAndIgnoreRefusal(DEPENDENT.get(name), node, handle);
            ended.set(true);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            assertThat(ended).isFalse();
            // An append is not sent before the write before it is answered.
            assertThat(server.writes()).hasSize(flags == OpenFlags.RDWR ? 2 : 1);
            assertThat(server.requests())
                    .noneMatch(each -> each instanceof Tread
                            || each instanceof Tsetattr
                            || each instanceof Tfsync
                            || each instanceof Tlock
                            || each instanceof Tlink
                            || each instanceof Trename
                            || each instanceof Trenameat);
            answerAll();
            assertThat(call.result()).isTrue();
        }
        assertThat(server.writes().subList(0, 2)).extracting(Twrite::offset).containsExactly(0L, (long) SMALL);
        assertThat(server.writes().get(1).data().remaining()).isEqualTo(SMALL);
    }

    private void runAndIgnoreRefusal(final Operation operation, final long node, final long handle) throws IOException {
        try {
            operation.run(share, node, handle);
        } catch (final ErrnoException e) {
            assertThat(Errno.of(e)).as("%s", e).isIn(Errno.EOPNOTSUPP, Errno.ENOLCK);
        }
    }

    @Test
    void eachOperationIsKnownToDependOnWritesOrNot() {
        final Set<String> all = new TreeSet<>();
        Arrays.stream(FileOperations.class.getMethods()).map(Method::getName).forEach(all::add);
        final Set<String> known = new TreeSet<>(INDEPENDENT);
        known.addAll(DEPENDENT.keySet());
        assertThat(known).isEqualTo(all);
        assertThat(INDEPENDENT).doesNotContainAnyElementsOf(DEPENDENT.keySet());
    }

    private static FileLock lock(final long handle) {
        return new FileLock(OWNER, handle, 1, LockMode.EXCLUSIVE, 0, Long.MAX_VALUE);
    }
}
