package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.Created;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests with the longest paths that QEMU accepts: a path of 65,534 bytes kills QEMU. Each test removes all files that
 * it made.
 */
@LongRun
class DeepPathTest {
    private static final int LONGEST_DIRECTORY = 65_277;
    private static final String LONG = "d".repeat(255);

    abstract static class Contract extends ShareFixture {
        @ParameterizedTest
        @ValueSource(ints = {1, 2, 3})
        void whateverCanBeMadeAtTheEndOfTheLongestPathCanBeRemoved(final int seed) throws Exception {
            final Deque<Made> made = descend(ROOT, 0, new Random(seed));
            final long deepest = made.getLast().node();

            for (final String name : List.of("f", "f".repeat(255))) {
                final Created file = create(deepest, name, OpenFlags.RDWR);
                assertThat(write(file.handle(), 0, "data", OpenFlags.RDWR)).isEqualTo(4);
                share.unlink(deepest, name(name));
                assertThat(text(file.handle())).isEqualTo("data");
                share.release(file.handle());
                counted(share.symlink(me, deepest, name(name), name("target")));
                share.rename(deepest, name(name), deepest, name("g".repeat(255)));
                counted(share.link(lookupIn(deepest, "g".repeat(255)), deepest, name("h".repeat(255))));
                share.unlink(deepest, name("g".repeat(255)));
                share.unlink(deepest, name("h".repeat(255)));
            }

            ascend(made);
            assertEmpty();
        }

        @Test
        void aDirectoryIsNotMovedToWhereAKnownOneBelowItWouldBeTooDeep() throws Exception {
            final long other = mkdir(ROOT, "other");
            final long moved = mkdir(ROOT, "moved");
            final Deque<Made> made = descend(moved, 1 + "moved".length(), new Random(4));

            assertErrno(Errno.ENAMETOOLONG, () -> share.rename(ROOT, name("moved"), other, name("moved")));
            assertThat(channel.sent(Trenameat.class)).isZero();
            share.rename(ROOT, name("moved"), ROOT, name("m"));
            share.rename(ROOT, name("m"), ROOT, name("moved"));

            // The renames made all fids stale. The longest path is walked again in one go; for each of the other
            // directories, that would take most of the test's time.
            ascend(made, 1);
            for (final Made each : made) {
                lookupIn(each.parent(), each.name());
            }
            ascend(made);
            share.rmdir(ROOT, name("moved"));
            share.rmdir(ROOT, name("other"));
            assertEmpty();
        }

        /**
         * Directories that the kernel has forgotten may end up too deep: they are out of reach until they are moved
         * back.
         */
        @Test
        void directoriesThatGotTooDeepAreOutOfReachUntilTheyAreMovedBack() throws Exception {
            mkdir(ROOT, "moved");
            mkdir(ROOT, LONG);
            final List<String> names = new ArrayList<>();
            descend(lookup("moved"), 1 + "moved".length(), new Random(5)).forEach(each -> names.add(each.name()));
            forgetAll();

            share.rename(ROOT, name("moved"), lookup(LONG), name("moved"));
            assertErrno(Errno.ENAMETOOLONG, () -> lookup(LONG + "/moved/" + String.join("/", names)));
            share.rename(lookup(LONG), name("moved"), ROOT, name("moved"));

            final Deque<Made> made = new ArrayDeque<>();
            long directory = lookup("moved");
            for (final String name : names) {
                final long node = lookupIn(directory, name);
                made.add(new Made(directory, name, node));
                directory = node;
            }
            ascend(made);
            share.rmdir(ROOT, name("moved"));
            share.rmdir(ROOT, name(LONG));
            assertEmpty();
        }

        /** A directory that was made, and its parent. */
        private record Made(long parent, String name, long node) {}

        /** Makes nested directories, as long as there is room for one more with a name of any length. */
        private Deque<Made> descend(final long from, final int pathOfIt, final Random random) throws IOException {
            final Deque<Made> made = new ArrayDeque<>();
            long directory = from;
            int path = pathOfIt;
            while (path < LONGEST_DIRECTORY - 1) {
                final int room = LONGEST_DIRECTORY - path - 1;
                if (room < 255) {
                    final int before = channel.sent(Tmkdir.class);
                    final long full = directory;
                    assertErrno(Errno.ENAMETOOLONG, () -> mkdir(full, "d".repeat(room + 1)));
                    assertThat(channel.sent(Tmkdir.class)).isEqualTo(before);
                }
                final String name = "d".repeat(Math.min(room, 255 - random.nextInt(10)));
                final long node = mkdir(directory, name);
                made.add(new Made(directory, name, node));
                directory = node;
                path += 1 + name.length();
            }
            return made;
        }

        private void ascend(final Deque<Made> made) throws IOException {
            ascend(made, made.size());
        }

        private void ascend(final Deque<Made> made, final int count) throws IOException {
            for (int i = 0; i < count; i++) {
                final Made last = made.removeLast();
                share.rmdir(last.parent(), name(last.name()));
            }
        }

        private long lookupIn(final long directory, final String name) throws IOException {
            return counted(share.lookup(directory, name(name)));
        }

        private void assertEmpty() throws IOException {
            forgetAll();
            try (var files = Files.list(export)) {
                assertThat(files).isEmpty();
            }
        }
    }

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends Contract {}

    @Nested
    @OnServer(ServerKind.QEMU_MAPPED)
    class OverQemuMapped extends Contract {}
}
