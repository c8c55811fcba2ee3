package dev.ninepin.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.ninepin.differential.Campaign.Finding;
import dev.ninepin.mounted.MountSetup;
import dev.ninepin.mounted.TestMount;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that make the same system calls on a mount and on a plain directory, and require the same results. {@code
 * bench/differential} runs them for longer and from other seeds.
 */
@EnabledIf(value = "isRoot", disabledReason = "other users' calls are made too, which takes root")
@LongRun
class DifferentialTest {
    private static final String SEQUENCES = "sequences";
    private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("ninepin.differential.seconds", 36));
    private static final long FIRST_SEED = Long.getLong("ninepin.differential.seed", 1);

    /**
     * The number of sequences that run at the same time, each in directories of its own. A sequence spends most of its
     * time waiting.
     */
    private static final int AT_ONCE = 3;

    /** Runs the sequences that showed a difference in the past; all of these bugs are fixed. */
    @ParameterizedTest
    @MethodSource("servers")
    void sequencesThatOnceDifferedAgree(final ServerKind kind) throws IOException {
        try (TestMount mount = mount(kind);
                SideBySide both = new SideBySide(new Rules(kind), mount, "kept")) {
            for (final Path file : kept()) {
                final Optional<String> difference = both.run(Sequence.parse(Files.readAllLines(file)));
                assertThat(difference).as(file.getFileName().toString()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("servers")
    void randomSequencesAgree(final ServerKind kind) throws Exception {
        try (TestMount mount = mount(kind)) {
            final List<Callable<Optional<Finding>>> campaigns = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                final long seed = FIRST_SEED + i;
                campaigns.add(() -> run(kind, mount, seed));
            }
            final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
            try {
                for (final Future<Optional<Finding>> campaign : threads.invokeAll(campaigns)) {
                    if (campaign.get().isPresent()) {
                        fail(report(kind, campaign.get().get()));
                    }
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    private static Optional<Finding> run(final ServerKind kind, final TestMount mount, final long firstSeed)
            throws IOException {
        try (SideBySide both = new SideBySide(new Rules(kind), mount, "from-" + firstSeed)) {
            final Campaign campaign = new Campaign(both, firstSeed, AT_ONCE);
            final Optional<Finding> finding = campaign.run(TIME);
            System.out.printf("Differential test, %s: %s%n", kind, campaign);
            return finding;
        }
    }

    private static TestMount mount(final ServerKind kind) throws IOException {
        return MountSetup.of(kind).allowOther().defaultPermissions().mount();
    }

    /** Returns a description of a finding, and saves the shortened sequence in a file. */
    private static String report(final ServerKind kind, final Finding finding) throws IOException {
        final String name = "%s-%d.txt".formatted(kind.name().toLowerCase(Locale.ROOT), finding.seed());
        final Path file = Path.of(System.getProperty("java.io.tmpdir"), "differential", name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, finding.shrunk().toString());
        return "%s and a plain directory differ, seed %d: %s\n%s\nKeep it, under the name of what it shows, in %s: %s"
                .formatted(kind, finding.seed(), finding.difference(), finding.shrunk(), SEQUENCES, file);
    }

    static Set<ServerKind> servers() {
        final String chosen = System.getProperty("ninepin.differential.server");
        return chosen != null
                ? Set.of(ServerKind.valueOf(chosen))
                : EnumSet.of(
                        ServerKind.QEMU, ServerKind.QEMU_MAPPED, ServerKind.QEMU_PASSTHROUGH, ServerKind.DIOD_UNIX);
    }

    static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    private static List<Path> kept() throws IOException {
        try (Stream<Path> files =
                Files.list(Path.of(Objects.requireNonNull(DifferentialTest.class.getResource(SEQUENCES))
                        .toURI()))) {
            return files.sorted().toList();
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
