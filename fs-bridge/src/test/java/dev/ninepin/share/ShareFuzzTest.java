package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFDIR;
import static dev.ninepin.testing.LyingServer.S_IFLNK;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/**
 * Fuzzes a share with a server that sends true replies or any others, and with a kernel that uses the results in any
 * way. Only IOExceptions and results that a kernel accepts may come out. Once the server tells the truth again, the
 * share must work.
 *
 * <p>Without JAZZER_FUZZ=1, only the checked-in seeds and findings are run.
 */
class ShareFuzzTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Caller CALLER = new Caller(0, 0);
    private static final int MOST_OPERATIONS = 40;
    private static final int MOST_ENTRIES = 50;

    /** Silences the log, since the share logs most of the server's many false replies. */
    @BeforeAll
    static void quiet() {
        log().setLevel(Level.ERROR);
    }

    @AfterAll
    static void asBefore() {
        log().setLevel(null);
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("dev.ninepin");
    }

    @FuzzTest(maxDuration = "2m")
    void aServerThatSaysAnythingIsSurvived(final FuzzedDataProvider data) {
        assertTimeoutPreemptively(LIMIT, () -> play(data));
    }

    private static void play(final FuzzedDataProvider data) throws IOException {
        final LyingServer truth = new LyingServer();
        truth.put("dir", S_IFDIR | 0755);
        truth.put("dir/inner", S_IFDIR | 0755);
        truth.put("dir/file", S_IFREG | 0644, "content".getBytes(UTF_8));
        truth.put("file", S_IFREG | 0644, "more content".getBytes(UTF_8));
        truth.put("link", S_IFLNK | 0777, "file".getBytes(UTF_8));
        final AtomicBoolean honest = new AtomicBoolean(true);
        final FuzzedAnswers answers = new FuzzedAnswers(truth, data, honest);
        final Session session = Session.connect(
                new AnsweringChannel(answers),
                SessionOptions.defaults(0).withMsize(4096).withMaxFids(4).withRequestTimeout(Duration.ofSeconds(10)));
        try (Share share = Share.open(
                session,
                new ShareOptions(data.pickValue(CacheMode.values()), OptionalInt.empty(), OptionalInt.empty())
                        .withContainSymlinks(true))) {
            final Kernel kernel = new Kernel(share, data);
            honest.set(false);
            for (int i = 0; i < MOST_OPERATIONS && data.remainingBytes() > 0; i++) {
                kernel.act();
            }
            honest.set(true);
            truth.put("last", S_IFREG | 0644);
            checkWhole(share);
        }
        assertThat(session.status().tagsUsed()).isZero();
    }

    /**
     * Checks that the share works with true replies. The session may have ended before, as it does after bytes that are
     * not a message.
     */
    private static void checkWhole(final Share share) throws IOException {
        try {
            assertThat(share.getattr(ROOT).mode()).isEqualTo(S_IFDIR | 0755);
            assertThat(share.lookup(ROOT, FuzzedAnswers.name("last"))
                            .attributes()
                            .mode())
                    .isEqualTo(S_IFREG | 0644);
        } catch (final SessionEndedException e) {
            assertThat(share.session().status().connected()).isFalse();
        }
    }

    /** A kernel that uses the nodes and handles that it received, as the fuzzer's data say. */
    private static final class Kernel {
        private final Share share;
        private final FuzzedDataProvider data;
        private final List<Long> nodes = new ArrayList<>(List.of(ROOT));
        private final List<Long> files = new ArrayList<>();
        private final List<Long> directories = new ArrayList<>();

        Kernel(final Share share, final FuzzedDataProvider data) {
            this.share = share;
            this.data = data;
        }

        void act() {
            try {
                actOrFail();
            } catch (final IOException e) {
                assertThat(Errno.of(e)).isBetween(1, 511);
            }
        }

        private void actOrFail() throws IOException {
            final long node = data.pickValue(nodes);
            switch (data.consumeInt(0, 19)) {
                case 0, 1, 2 -> know(share.lookup(node, name()));
                case 3 -> check(share.getattr(node));
                case 4 ->
                    assertThat(share.readlink(node).toString()).isNotEmpty().doesNotStartWith("/");
                case 5 -> files.add(share.open(node, OpenFlags.RDWR, new NoKernelCache()));
                case 6 -> directories.add(share.opendir(node));
                case 7 -> read();
                case 8, 9 -> list();
                case 10 -> know(share.mkdir(CALLER, node, name(), 0755));
                case 11 -> share.unlink(node, name());
                case 12 -> share.rename(node, name(), data.pickValue(nodes), name());
                case 13 -> create(node);
                case 14 -> release();
                case 15 -> share.statfs(node);
                case 16 -> assertThat(share.getxattr(node, name(), 1000)).hasSizeLessThanOrEqualTo(1000);
                case 17 -> assertThat(share.xattrListSize(node)).isBetween(0, 65536);
                case 18 -> share.setxattr(CALLER, node, name(), ByteBuffer.wrap(new byte[100]), 0);
                default -> share.forget(node, 1);
            }
        }

        private ByteString name() {
            return FuzzedAnswers.name(data.pickValue(new String[] {"dir", "inner", "file", "link", "new", "absent"}));
        }

        private void know(final Entry entry) {
            assertThat(entry.node()).isNotEqualTo(ROOT);
            check(entry.attributes());
            nodes.add(entry.node());
        }

        private void create(final long node) throws IOException {
            final Created created = share.create(CALLER, node, name(), OpenFlags.RDWR, 0644, new NoKernelCache());
            know(created.entry());
            files.add(created.handle());
        }

        private static void check(final Attributes attributes) {
            assertThat(attributes.mode() & 0170000).isPositive();
            assertThat(attributes.size()).isNotNegative();
            assertThat(attributes.nlink()).isBetween(0L, 0xffff_ffffL);
            assertThat(attributes.blksize()).isBetween(512L, 1L << 24);
            assertThat(attributes.mtime().nanos()).isBetween(0L, 999_999_999L);
        }

        private void read() throws IOException {
            if (!files.isEmpty()) {
                final long file = data.pickValue(files);
                final int count = data.consumeInt(1, 20_000);
                try (ReadResult result = share.read(file, data.consumeInt(0, 10_000), count)) {
                    assertThat(result.data().remaining()).isLessThanOrEqualTo(count);
                }
                assertThat(share.write(file, 0, ByteBuffer.wrap(new byte[5000]), OpenFlags.RDWR))
                        .isBetween(0, 5000);
            }
        }

        private void list() throws IOException {
            if (!directories.isEmpty()) {
                final List<String> names = new ArrayList<>();
                share.readdir(data.pickValue(directories), data.consumeInt(0, 3), entry -> {
                    assertThat(entry.name().length()).isBetween(1, 255);
                    assertThat(entry.name().contains('/') || entry.name().contains('\0'))
                            .isFalse();
                    return names.size() < MOST_ENTRIES && names.add(entry.name().toString());
                });
            }
        }

        private void release() throws IOException {
            if (!files.isEmpty()) {
                share.release(files.remove(0));
            } else if (!directories.isEmpty()) {
                share.releasedir(directories.remove(0));
            }
        }
    }
}
