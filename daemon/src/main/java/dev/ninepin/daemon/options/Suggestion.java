package dev.ninepin.daemon.options;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Suggestions for misspelt words. */
public final class Suggestion {
    /** Returns the known word nearest to {@code word}, if it is near enough for a typing error. */
    public static Optional<String> nearest(final String word, final Collection<String> known) {
        final int slips = Math.max(1, (word.length() + 1) / 3);
        return known.stream()
                .filter(candidate -> distance(word, candidate) <= slips)
                .min(Comparator.<String>comparingInt(candidate -> distance(word, candidate))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /**
     * Returns the number of letters to insert, delete, change or swap with their neighbour to turn {@code from} into
     * {@code to}. This is the optimal string alignment distance.
     */
    private static int distance(final String from, final String to) {
        int[] beforePrevious = new int[to.length() + 1];
        int[] previous = new int[to.length() + 1];
        for (int j = 0; j < previous.length; j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            final int[] row = new int[previous.length];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                final int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(previous[j - 1] + change, 1 + Math.min(previous[j], row[j - 1]));
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    row[j] = Math.min(row[j], 1 + beforePrevious[j - 2]);
                }
            }
            beforePrevious = previous;
            previous = row;
        }
        return previous[to.length()];
    }

    private Suggestion() {}
}
