package dev.ninepin.fuse;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.fuse.mount.KernelLimits;
import dev.ninepin.fuse.mount.ReadAhead;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that the kernel keeps to the timeouts and limits of a mount. */
class KernelTuningTest {
    private static final FuseOptions OPTIONS = new FuseOptions("memory", false, false, false);
    private static final Duration LONG = Duration.ofHours(1);

    /** Each timeout differs from that of its cache mode. */
    @ParameterizedTest
    @CsvSource({"OPEN,0,2", "NONE,1,1"})
    void aNameIsLookedUpOnceItsTimeoutIsOver(final CacheMode cache, final int hours, final int lookups)
            throws IOException {
        assertThat(countOfTwoStats("file", "lookup", cache, new Timeouts(LONG, Duration.ofHours(hours), LONG)))
                .isEqualTo(lookups);
    }

    @ParameterizedTest
    @CsvSource({"OPEN,0,2", "NONE,1,1"})
    void aMissingNameIsLookedUpOnceItsTimeoutIsOver(final CacheMode cache, final int hours, final int lookups)
            throws IOException {
        assertThat(countOfTwoStats("missing", "lookup", cache, new Timeouts(LONG, LONG, Duration.ofHours(hours))))
                .isEqualTo(lookups);
    }

    @ParameterizedTest
    @CsvSource({"OPEN,0,2", "NONE,1,0"})
    void attributesAreAskedForOnceTheirTimeoutIsOver(final CacheMode cache, final int hours, final int requests)
            throws IOException {
        assertThat(countOfTwoStats("file", "getattr", cache, new Timeouts(Duration.ofHours(hours), LONG, LONG)))
                .isEqualTo(requests);
    }

    /** Returns how many requests of a kind, other than for the root, two stat(2) of one name cause. */
    private static int countOfTwoStats(
            final String name, final String kind, final CacheMode cache, final Timeouts timeouts) throws IOException {
        final var count = new AtomicInteger();
        try (var mounted = new Mounted(new MemoryFiles(cache, timeouts), OPTIONS)) {
            mounted.files.makeFile("file", 1);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals(kind) && (kind.equals("lookup") || node != FileOperations.ROOT)) {
                    count.incrementAndGet();
                }
            });
            for (int n = 0; n < 2; n++) {
                assertThat(Files.exists(mounted.file(name), NOFOLLOW_LINKS)).isEqualTo(name.equals("file"));
            }
        }
        return count.get();
    }

    @Test
    void theKernelHasTheLimitsOfTheOptions() throws Exception {
        final KernelLimits limits = new KernelLimits(65536, OptionalInt.of(32768), 7);
        try (var mounted = new Mounted(new MemoryFiles(CacheMode.OPEN), OPTIONS.withLimits(limits))) {
            assertThat(readAheadKilobytes(mounted)).isEqualTo("32");
            mounted.files.makeFile("file", 262144);
            mounted.python(
                    "fd = os.open('file', os.O_RDONLY | os.O_DIRECT)",
                    "assert os.preadv(fd, [mmap.mmap(-1, 262144)], 0) == 262144");
            assertThat(mounted.mount.status().operations())
                    .filteredOn(operation -> operation.name().equals("read"))
                    .singleElement()
                    .satisfies(reads -> assertThat(reads.count()).isEqualTo(4));
            assertThat(control(mounted, "max_background", "congestion_threshold"))
                    .containsExactly("7", "5");
        }
    }

    @Test
    void theKernelHasTheDefaultLimits() throws Exception {
        try (var mounted = new Mounted()) {
            assertThat(control(mounted, "max_background", "congestion_threshold"))
                    .containsExactly("64", "48");
        }
    }

    @Test
    void rootReadsFartherAhead() throws Exception {
        final boolean isRoot = LibC.get().geteuid() == 0;
        try (var mounted = new Mounted()) {
            assertThat(readAheadKilobytes(mounted)).isEqualTo(isRoot ? "512" : "128");
        }
        final FuseOptions far =
                OPTIONS.withLimits(new KernelLimits(KernelLimits.LARGEST_READ, OptionalInt.of(ReadAhead.MOST), 64));
        if (isRoot) {
            try (var mounted = new Mounted(new MemoryFiles(CacheMode.OPEN), far)) {
                assertThat(readAheadKilobytes(mounted)).isEqualTo("16384");
            }
        } else {
            assertThatThrownBy(() -> new Mounted(new MemoryFiles(CacheMode.OPEN), far))
                    .hasMessageContaining("the read-ahead cannot be raised to 16777216 bytes, which needs root");
        }
    }

    private static String readAheadKilobytes(final Mounted mounted) throws IOException {
        return Files.readString(Path.of("/sys/class/bdi/0:" + mounted.mount.connection() + "/read_ahead_kb"))
                .strip();
    }

    /** Returns the contents of control files of a mount's connection. */
    private static List<String> control(final Mounted mounted, final String... names) throws Exception {
        assumeTrue(LibC.get().geteuid() == 0, "only root may mount fusectl");
        final Path directory = Files.createTempDirectory("ninepin-fusectl-test");
        try {
            run("mount", "-t", "fusectl", "none", directory.toString());
            try {
                final Path connection = directory.resolve(Integer.toString(mounted.mount.connection()));
                final List<String> contents = new ArrayList<>();
                for (final String name : names) {
                    contents.add(Files.readString(connection.resolve(name)).strip());
                }
                return contents;
            } finally {
                run("umount", directory.toString());
            }
        } finally {
            Files.delete(directory);
        }
    }

    private static void run(final String... command) throws Exception {
        final Process process = Mounted.start(Path.of("/"), command);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
    }
}
