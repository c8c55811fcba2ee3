package dev.ninepin.differential;

import dev.ninepin.mounted.ServerKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** For work on the test itself. */
final class Campaign {
    private Campaign() {}

    public static void main(final String[] arguments) throws IOException {
        final ServerKind kind = ServerKind.valueOf(arguments[0]);
        final long first = Long.parseLong(arguments[1]);
        final long seconds = Long.parseLong(arguments[2]);
        final int most = Integer.parseInt(arguments[3]);
        final long begin = System.nanoTime();
        long calls = 0;
        long ran = 0;
        long count = 0;
        final List<Long> failed = new ArrayList<>();
        try (SideBySide both = SideBySide.with(kind)) {
            for (long seed = first;
                    System.nanoTime() - begin < seconds * 1_000_000_000L && failed.size() < most;
                    seed++) {
                final Sequence sequence = Generator.sequence(seed);
                count++;
                calls += sequence.steps().size();
                final long t0 = System.nanoTime();
                final var difference = both.run(sequence);
                ran += System.nanoTime() - t0;
                if (difference.isPresent()) {
                    failed.add(seed);
                    System.out.println("== seed " + seed);
                    final Sequence small = new Shrinker(s -> both.run(s).isPresent()).shrink(sequence);
                    System.out.print(small);
                    System.out.println(both.run(small).orElse("not again; first: " + difference.get()));
                }
            }
        } finally {
            System.out.printf(
                    "%s: %d sequences, %d calls, %.1f s, failed: %s%n",
                    kind, count, calls, (System.nanoTime() - begin) / 1e9, failed);
        }
    }
}
