package dev.ninepin.session.fid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.Tclunk;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.TagTable;
import dev.ninepin.testing.BackgroundCall;
import java.util.ArrayDeque;
import java.util.ArrayList;
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

/** Tests of the tags and fid numbers of a session: no number is given out twice, and none is lost. */
class NumbersTest {
    private static final int EINVAL = 22;
    private static final int ERANGE = 34;
    private static final int THREADS = 8;
    private static final int ROUNDS = 20_000;

    private static final List<TagTable.Kind> KINDS =
            List.of(TagTable.Kind.ORDINARY, TagTable.Kind.DATA, TagTable.Kind.TFLUSH);

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

    @Property
    void tagsAreUniqueWhileInUse(
            @ForAll @IntRange(min = 2, max = 300) final int size,
            @ForAll @Size(max = 400) final List<@IntRange(min = 0, max = 9) Integer> steps) {
        final int dataRequests = (size + 3) / 4;
        final TagTable tags = new TagTable(size, true, dataRequests);
        final Deque<Call<?>> taken = new ArrayDeque<>();
        for (final int step : steps) {
            if (step < 6) {
                final TagTable.Kind kind = KINDS.get(step / 2);
                final int tag = tags.tryTake(kind);
                final long withData = taken.stream()
                        .filter(call -> call.kind() == TagTable.Kind.DATA)
                        .count();
                assertThat(tag >= 0 && kind == TagTable.Kind.DATA && withData == dataRequests)
                        .as("more data than there is room for")
                        .isFalse();
                if (tag >= 0) {
                    assertThat(tags.get(tag)).as("the call under a free tag").isNull();
                    final Call<?> call = call(tag, kind);
                    tags.put(call);
                    taken.add(call);
                }
            } else if (!taken.isEmpty()) {
                final Call<?> call = taken.removeFirst();
                assertThat(tags.get(call.tag())).isSameAs(call);
                tags.free(call);
                tags.free(call);
            }
            assertThat(tags.used()).isEqualTo(taken.size()).isLessThanOrEqualTo(size);
            assertThat(tags.inFlight()).hasSameElementsAs(taken);
        }
    }

    @Property
    void someTagsAreKeptForTflush(@ForAll @IntRange(min = 2, max = 300) final int size) {
        final TagTable tags = new TagTable(size, true, size);
        int ordinary = 0;
        while (tags.tryTake(TagTable.Kind.ORDINARY) >= 0) {
            ordinary++;
        }

        assertThat(ordinary).isPositive().isLessThan(size);
        assertThat(tags.tryTake(TagTable.Kind.TFLUSH)).isNotNegative();
    }

    @Property
    void whoGetsNoTagKeepsNoRoomForData(@ForAll @IntRange(min = 2, max = 300) final int size) throws Exception {
        final TagTable tags = new TagTable(size, true, 1);
        final Deque<Call<?>> taken = new ArrayDeque<>();
        for (int tag = tags.tryTake(TagTable.Kind.ORDINARY); tag >= 0; tag = tags.tryTake(TagTable.Kind.ORDINARY)) {
            taken.add(call(tag, TagTable.Kind.ORDINARY));
            tags.put(taken.getLast());
        }
        assertThat(tags.tryTake(TagTable.Kind.DATA)).isNegative();
        assertThat(tags.take(TagTable.Kind.DATA, 1)).isNegative();

        tags.free(taken.getLast());

        assertThat(tags.tryTake(TagTable.Kind.DATA)).isNotNegative();
    }

    @Test
    @Timeout(60)
    void threadsNeverShareATagAndNoneIsLost() throws Exception {
        final TagTable tags = new TagTable(6, true, 6);
        final Set<Integer> inUse = ConcurrentHashMap.newKeySet();
        inThreads(thread -> {
            for (int i = 0; i < ROUNDS; i++) {
                final int tag = tags.take(TagTable.Kind.ORDINARY, TimeUnit.SECONDS.toNanos(30));
                assertThat(tag).isNotNegative();
                assertThat(inUse.add(tag)).isTrue();
                final Call<?> call = call(tag, TagTable.Kind.ORDINARY);
                tags.put(call);
                assertThat(tags.get(tag)).isSameAs(call);
                inUse.remove(tag);
                tags.free(call);
            }
        });

        assertThat(tags.used()).isZero();
    }

    @Test
    @Timeout(60)
    void threadsNeverShareAFidNumberAndNoneIsLost() throws Exception {
        final FidNumbers numbers = new FidNumbers();
        final Set<Integer> inUse = ConcurrentHashMap.newKeySet();
        inThreads(thread -> {
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

    /** The work of one of several threads. */
    @FunctionalInterface
    private interface Work {
        void run(int thread) throws Exception;
    }

    private static void inThreads(final Work work) throws Exception {
        final List<BackgroundCall<Boolean>> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            final int thread = i;
            threads.add(BackgroundCall.start("worker " + i, () -> {
                work.run(thread);
                return true;
            }));
        }
        for (final BackgroundCall<Boolean> thread : threads) {
            assertThat(thread.result()).isTrue();
            thread.close();
        }
    }

    private static Call<?> call(final int tag, final TagTable.Kind kind) {
        return new Call<>(null, tag, kind, new Tclunk(0), (reply, memory) -> reply);
    }
}
