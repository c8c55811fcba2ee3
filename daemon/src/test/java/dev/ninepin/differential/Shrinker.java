package dev.ninepin.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A reducer that shortens a sequence as far as it still shows a difference. */
final class Shrinker {
    private final Predicate<Sequence> fails;

    Shrinker(final Predicate<Sequence> fails) {
        this.fails = fails;
    }

    Sequence shrink(final Sequence sequence) {
        List<Step> steps = sequence.steps();
        int before;
        do {
            before = steps.size();
            for (int size = Math.max(1, steps.size() / 2); size >= 1; size /= 2) {
                steps = withoutRunsOf(size, steps);
            }
            steps = withOneProcess(steps);
        } while (steps.size() < before);
        return new Sequence(steps);
    }

    private List<Step> withoutRunsOf(final int size, final List<Step> all) {
        List<Step> steps = all;
        for (int end = steps.size(); end > 0; end -= size) {
            final int begin = Math.max(0, end - size);
            final List<Step> fewer = new ArrayList<>(steps.subList(0, begin));
            fewer.addAll(steps.subList(end, steps.size()));
            if (fails.test(new Sequence(fewer))) {
                steps = fewer;
            }
        }
        return steps;
    }

    private List<Step> withOneProcess(final List<Step> steps) {
        final List<Step> alone = steps.stream()
                .map(step -> new Step(0, step.call(), step.arguments()))
                .toList();
        return !alone.equals(steps) && fails.test(new Sequence(alone)) ? alone : steps;
    }
}
