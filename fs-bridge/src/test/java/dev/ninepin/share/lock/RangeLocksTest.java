package dev.ninepin.share.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangeLocksTest {
    private static final int OWNERS = 3;
    private static final int BYTES = 12;
    private static final int STEPS = 3000;
    private static final List<LockMode> MODES = List.of(LockMode.NONE, LockMode.SHARED, LockMode.EXCLUSIVE);

    private final RangeLocks locks = new RangeLocks();

    /**
     * Compares random locks with a model that stores a mode for each owner and byte. The model's last byte stands for
     * all bytes to the end of the file.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void eachByteIsLockedAsItWasLastSet(final long seed) {
        final Random chance = new Random(seed);
        final LockMode[][] model = new LockMode[OWNERS][BYTES];
        IntStream.range(0, OWNERS).forEach(owner -> Arrays.fill(model[owner], LockMode.NONE));
        for (int step = 0; step < STEPS; step++) {
            final int owner = chance.nextInt(OWNERS);
            final LockMode mode = MODES.get(chance.nextInt(MODES.size()));
            final int first = chance.nextInt(BYTES);
            final int last = first + chance.nextInt(BYTES - first);
            final FileLock wanted = lock(owner, mode, first, last);

            final boolean free = IntStream.rangeClosed(first, last).noneMatch(each -> IntStream.range(0, OWNERS)
                    .anyMatch(other -> other != owner && mode.excludes(model[other][each])));
            assertThat(locks.conflict(wanted).isEmpty()).isEqualTo(free);
            if (free) {
                locks.set(wanted);
                Arrays.fill(model[owner], first, last + 1, mode);
            } else {
                final FileLock other = locks.conflict(wanted).orElseThrow();
                assertThat(other.overlaps(wanted)).isTrue();
                assertThat(mode.excludes(model[(int) other.owner()][Math.max(first, (int) other.first())]))
                        .isTrue();
            }
            if (chance.nextInt(50) == 0) {
                locks.free(each -> each.owner() == owner);
                Arrays.fill(model[owner], LockMode.NONE);
            }
            assertThat(locks.all()).containsExactlyInAnyOrderElementsOf(runs(model));
            assertThat(locks.strongest(each -> true))
                    .isEqualTo(runs(model).stream()
                            .map(FileLock::mode)
                            .max(Comparator.naturalOrder())
                            .orElse(LockMode.NONE));
        }
    }

    private static List<FileLock> runs(final LockMode[][] model) {
        final List<FileLock> runs = new ArrayList<>();
        for (int owner = 0; owner < OWNERS; owner++) {
            int first = 0;
            for (int end = 1; end <= BYTES; end++) {
                if (end == BYTES || model[owner][end] != model[owner][first]) {
                    if (model[owner][first] != LockMode.NONE) {
                        runs.add(lock(owner, model[owner][first], first, end - 1));
                    }
                    first = end;
                }
            }
        }
        return runs;
    }

    private static FileLock lock(final int owner, final LockMode mode, final int first, final int last) {
        return new FileLock(owner, owner, owner, mode, first, last == BYTES - 1 ? FileLock.TO_THE_END : last);
    }

    @Test
    void theLastByteThatThereCanBeHasNoNeighbour() {
        final FileLock last =
                lock(0, LockMode.SHARED, BYTES - 1, BYTES - 1).of(FileLock.TO_THE_END, FileLock.TO_THE_END);
        locks.set(last);
        locks.set(lock(0, LockMode.SHARED, 0, 0));
        assertThat(locks.all()).hasSize(2);
        locks.set(lock(0, LockMode.EXCLUSIVE, 1, BYTES - 1));
        assertThat(locks.all())
                .containsExactlyInAnyOrder(lock(0, LockMode.SHARED, 0, 0), lock(0, LockMode.EXCLUSIVE, 1, BYTES - 1));
    }

    @Test
    void theLockThatBeginsFirstIsTheOneThatIsInTheWay() {
        locks.set(lock(1, LockMode.SHARED, 7, 8));
        locks.set(lock(2, LockMode.SHARED, 3, 4));
        assertThat(locks.conflict(lock(0, LockMode.EXCLUSIVE, 0, 9))).contains(lock(2, LockMode.SHARED, 3, 4));
        assertThat(locks.conflict(lock(0, LockMode.EXCLUSIVE, 5, 9))).contains(lock(1, LockMode.SHARED, 7, 8));
    }
}
