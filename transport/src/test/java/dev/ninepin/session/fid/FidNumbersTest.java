package dev.ninepin.session.fid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.BackgroundCall;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the fid numbers of a session: no number is given out twice, and none is lost. */
class FidNumbersTest {
    private static final int EINVAL = 22;
    private static final int ERANGE = 34;
    private static final int THREADS = 8;
    private static final int ROUNDS = 20_000;

    @Property
    void fidNumbersAreUniqueWhileInUse(
            @ForAll @Size(max = 200) final List<@IntRange(min = -20, max = 20) Integer> steps) {
        final FidNumbers numbers = new FidNumbers();
        final Deque<Integer> taken = new ArrayDeque<>();
        final Set<Integer> inUse = new HashSet<>();
        for (final int step : steps) {
            if (step >= 0) {
                final int number = numbers.tryTake().orElseThrow();
                assertThat(inUse.add(number)).isTrue();
                taken.add(number);
            } else if (!taken.isEmpty()) {
                final int number = taken.removeFirst();
                inUse.remove(number);
                numbers.giveBack(number);
            }
            assertThat(numbers.used()).isEqualTo(inUse.size());
        }
    }

    @Property
    void noFidNumberIsGivenOutThatTheServerRefused(
            @ForAll @IntRange(min = 1, max = 50) final int limit,
            @ForAll @Size(max = 200) final List<@IntRange(min = -20, max = 20) Integer> steps) {
        final FidNumbers numbers = new FidNumbers();
        final Deque<Integer> taken = new ArrayDeque<>();
        boolean known = false;
        for (final int step : steps) {
            final OptionalInt number = step < 0 ? OptionalInt.empty() : numbers.tryTake();
            if (number.isPresent() && number.getAsInt() < limit) {
                numbers.recordAccepted(number.getAsInt());
                assertThat(numbers.learnLimit(number.getAsInt(), ERANGE)).isFalse();
                taken.add(number.getAsInt());
            } else if (number.isPresent()) {
                assertThat(known).isFalse();
                numbers.giveBack(number.getAsInt());
                assertThat(numbers.learnLimit(number.getAsInt(), EINVAL)).isFalse();
                assertThat(numbers.learnLimit(number.getAsInt(), ERANGE)).isTrue();
                known = true;
            } else if (step >= 0) {
                assertThat(known).isTrue();
                assertThat(taken).hasSize(limit);
            } else if (!taken.isEmpty()) {
                numbers.giveBack(taken.removeFirst());
            }
            assertThat(numbers.used()).isEqualTo(taken.size());
        }
    }

    @Test
    @Timeout(60)
    void whoWaitsForAFidNumberGetsTheNextThatIsGivenBack() throws Exception {
        final FidNumbers numbers = new FidNumbers();
        final int only = numbers.tryTake().orElseThrow();
        assertThat(numbers.learnLimit(1, ERANGE)).isTrue();
        assertThat(numbers.take(TimeUnit.SECONDS.toNanos(30))).isEmpty();
        numbers.beginEnd();

        try (BackgroundCall<OptionalInt> waiting = BackgroundCall.start(
                        "waiting", () -> numbers.take(TimeUnit.SECONDS.toNanos(30)))
                .awaitInside("wait")) {
            numbers.giveBack(only);
            numbers.finishEnd();
            assertThat(waiting.result()).hasValue(only);
        }
    }

    @Test
    @Timeout(60)
    void whoWaitsForAFidNumberWaitsTheWholeTime() throws Exception {
        final FidNumbers numbers = new FidNumbers();
        numbers.tryTake().orElseThrow();
        assertThat(numbers.learnLimit(1, ERANGE)).isTrue();
        numbers.beginEnd();
        final long patience = TimeUnit.MICROSECONDS.toNanos(900);

        final long begin = System.nanoTime();
        assertThat(numbers.take(patience)).isEmpty();

        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(patience);
    }

    @Test
    @Timeout(60)
    void threadsNeverShareAFidNumberAndNoneIsLost() throws Exception {
        final FidNumbers numbers = new FidNumbers();
        final Set<Integer> inUse = ConcurrentHashMap.newKeySet();
        BackgroundCall.inThreads(THREADS, thread -> {
            final Random random = new Random(thread);
            final Deque<Integer> mine = new ArrayDeque<>();
            for (int i = 0; i < ROUNDS; i++) {
                if (mine.isEmpty() || random.nextInt(10) < 5) {
                    final int number = numbers.tryTake().orElseThrow();
                    assertThat(inUse.add(number)).isTrue();
                    mine.add(number);
                } else {
                    inUse.remove(mine.getFirst());
                    numbers.giveBack(mine.removeFirst());
                }
            }
            mine.forEach(number -> {
                inUse.remove(number);
                numbers.giveBack(number);
            });
        });

        assertThat(numbers.used()).isZero();
    }

    @Property
    void noNumberMeansTwoFidsAndTheWireNumbersOfAConnectionStaySmall(
            @ForAll @Size(max = 300) final List<@IntRange(min = -20, max = 20) Integer> steps) {
        final FidNumbers numbers = new FidNumbers();
        final Deque<Integer> taken = new ArrayDeque<>();
        final Set<Integer> lost = new HashSet<>();
        int inUse = 0;
        for (final int step : steps) {
            if (step == 20) {
                lost.addAll(taken);
                final int root = numbers.beginConnection();
                assertThat(root).isEqualTo(numbers.first());
                assertThat(lost).doesNotContain(root).allMatch(numbers::isLost);
                taken.addLast(root);
                inUse++;
            } else if (step >= 0) {
                final int number = numbers.tryTake().orElseThrow();
                assertThat(lost).doesNotContain(number);
                assertThat(numbers.isLost(number)).isFalse();
                assertThat(number - numbers.first()).isBetween(0, steps.size());
                taken.addLast(number);
                inUse++;
            } else if (!taken.isEmpty()) {
                numbers.giveBack(taken.removeFirst());
                inUse--;
            }
            assertThat(numbers.used()).isEqualTo(inUse);
        }
    }

    @Test
    void aServersLimitCountsFromEachConnectionsFirstNumber() {
        final FidNumbers numbers = new FidNumbers();
        for (int number = 0; number < 3; number++) {
            assertThat(numbers.tryTake()).hasValue(number);
        }
        assertThat(numbers.learnLimit(2, ERANGE)).isTrue();

        final int first = numbers.beginConnection();

        assertThat(numbers.tryTake()).hasValue(first + 1);
        assertThat(numbers.tryTake()).isEmpty();
        numbers.giveBack(0);
        assertThat(numbers.tryTake()).isEmpty();
        numbers.giveBack(first + 1);
        assertThat(numbers.tryTake()).hasValue(first + 1);
    }

    @Test
    void aFidThatWasGivenUpIsInUseUntilItsConnectionEnds() {
        final FidNumbers numbers = new FidNumbers();
        final int given = numbers.tryTake().orElseThrow();
        numbers.abandon(given);
        assertThat(numbers.used()).isOne();

        numbers.beginConnection();

        assertThat(numbers.used()).as("the new root").isOne();
        final int late = numbers.tryTake().orElseThrow();
        numbers.beginConnection();
        numbers.abandon(late);
        assertThat(numbers.used()).as("two roots").isEqualTo(2);
    }

    @Test
    void numbersAboveALimitThatIsLearnedLaterAreLostWithTheirConnection() {
        final FidNumbers numbers = new FidNumbers();
        for (int number = 0; number < 5; number++) {
            assertThat(numbers.tryTake()).hasValue(number);
        }
        // The requests for 2, 3 and 4 are under way, and the answer to the first one arrives.
        assertThat(numbers.learnLimit(2, ERANGE)).isTrue();

        final int first = numbers.beginConnection();

        assertThat(first).isGreaterThan(4);
        for (int number = 0; number < 5; number++) {
            assertThat(numbers.isLost(number)).isTrue();
        }
        assertThat(numbers.tryTake()).hasValue(first + 1);
    }
}
