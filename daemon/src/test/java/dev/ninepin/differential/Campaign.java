package dev.ninepin.differential;

import java.time.Duration;
import java.util.Optional;

/** Random sequences, one after the other, until time is over or one has shown a difference. One thread. */
final class Campaign {
    private final SideBySide both;
    private final long firstSeed;
    private final int stride;
    private final long begin = System.nanoTime();
    private long sequences;
    private long calls;

    /**
     * @param firstSeed that of the first sequence
     * @param stride by how much that of the next is higher
     */
    Campaign(final SideBySide both, final long firstSeed, final int stride) {
        this.both = both;
        this.firstSeed = firstSeed;
        this.stride = stride;
    }

    /**
     * A sequence that has shown a difference.
     *
     * @param seed of the sequence as it was made
     * @param shrunk what is left of it
     * @param difference that of the whole sequence, and of what is left
     */
    record Finding(long seed, Sequence shrunk, String difference) {}

    /** The next sequence is sent before the answers to this one are there: so neither side ever waits for the other. */
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
