package dev.ninepin.differential;

import java.util.List;
import java.util.stream.Collectors;

/** System calls of several processes, in the order in which they are made. The text form has a line for each call. */
record Sequence(List<Step> steps) {
    Sequence {
        steps = List.copyOf(steps);
    }

    /** Parses the text form. Ignores lines that are blank or begin with {@code #}. */
    static Sequence parse(final List<String> lines) {
        return new Sequence(lines.stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(Step::parse)
                .toList());
    }

    @Override
    public String toString() {
        return steps.stream().map(step -> step + "\n").collect(Collectors.joining());
    }
}
