package dev.ninepin.differential;

import java.time.Duration;
import java.util.Optional;

/**
 * A run of random sequences, one after the other, until the time is over or a sequence shows a difference. Not
 * thread-safe.
 */
final class Campaign {
    private final SideBySide both;
    private final long firstSeed;
    private final int stride;
    private final long begin = System.nanoTime();
    private long sequences;
    private long calls;

    /**
     * @param firstSeed the seed of the first sequence
     * @param stride the difference between the seeds of consecutive sequences
     */
    Campaign(final SideBySide both, final long firstSeed, final int stride) {
        this.both = both;
        this.firstSeed = firstSeed;
        this.stride = stride;
    }

    /**
     * A sequence that has shown a difference.
     *
     * @param seed the seed of the sequence
     * @param shrunk the shortened sequence
     * @param difference the differences of the whole sequence and of the shortened one
     */
    record Finding(long seed, Sequence shrunk, String difference) {}

    /**
     * Runs sequences for {@code time}. Sends each sequence before the results of the previous one have been received,
     * so that neither side waits for the other.
     */
    Optional<Finding> run(final Duration time) {
        Sequence sequence = Generator.sequence(firstSeed);
        both.send(sequence);
        while (true) {
            final boolean last = System.nanoTime() - begin >= time.toNanos();
            final Sequence next = last ? null : Generator.sequence(seed(sequences + 1));
            if (next != null) {
                both.send(next);
            }
            final Optional<String> difference = both.receive(sequence);
            if (difference.isPresent()) {
                if (next != null) {
                    both.receive(next);
                }
                return Optional.of(shrunk(seed(sequences), sequence, difference.get()));
            }
            sequences++;
            calls += sequence.steps().size();
            if (next == null) {
                return Optional.empty();
            }
            sequence = next;
        }
    }

    private long seed(final long number) {
        return firstSeed + number * stride;
    }

    private Finding shrunk(final long seed, final Sequence sequence, final String difference) {
        final Sequence small = new Shrinker(smaller -> both.run(smaller).isPresent()).shrink(sequence);
        final String again = both.run(small).orElse("that was it once, and not again\n");
        return new Finding(seed, small, "the whole sequence, %s\nwhat is left of it, %s".formatted(difference, again));
    }

    @Override
    public String toString() {
        return "%d sequences, %d calls, %.1f s, seeds from %d on"
                .formatted(sequences, calls, (System.nanoTime() - begin) / 1e9, firstSeed);
    }
}
