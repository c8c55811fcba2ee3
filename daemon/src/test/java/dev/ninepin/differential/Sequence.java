package dev.ninepin.differential;

import java.util.List;
import java.util.stream.Collectors;

/** System calls of several processes, in the order in which they are made. As text, a line each. */
record Sequence(List<Step> steps) {
    Sequence {
        steps = List.copyOf(steps);
    }

    /** Lines that are empty, or begin with {@code #}, say nothing. */
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
