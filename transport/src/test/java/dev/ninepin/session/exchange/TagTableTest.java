package dev.ninepin.session.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.Tclunk;
import dev.ninepin.testing.BackgroundCall;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the tags of a session: no number is given out twice, and none is lost. */
class TagTableTest {
    private static final int THREADS = 8;
    private static final int ROUNDS = 20_000;

    private static final List<TagTable.Kind> KINDS =
            List.of(TagTable.Kind.ORDINARY, TagTable.Kind.DATA, TagTable.Kind.TFLUSH);

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
        BackgroundCall.inThreads(THREADS, thread -> {
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

    private static Call<?> call(final int tag, final TagTable.Kind kind) {
        return new Call<>(null, 0, tag, kind, new Tclunk(0), (reply, memory) -> reply);
    }
}
