package dev.ninepin.virtio.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.virtio.device.MockRequest;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Both sides act in any order that they may, and a map and a queue model the expected result. */
class VirtqueueModelTest {
    /**
     * The largest number of a step. Modulo 4, a step selects the action: 0 and 1 post a request, 2 makes the device
     * reply, 3 polls. The rest of the number selects which request.
     */
    private static final int MOST_STEP = 999;

    @Property(tries = 150)
    void whateverTheOrderEachRequestGetsItsOwnAnswerOnce(
            @ForAll final QueueUnderTest.Kind kind,
            @ForAll @Size(min = 1, max = 600) final List<@IntRange(max = MOST_STEP) Integer> steps)
            throws IOException {
        final QueueUnderTest under = new QueueUnderTest(kind);
        final TreeSet<Integer> free = new TreeSet<>();
        for (int i = 0; i < under.driver.capacity(); i++) {
            free.add(i);
        }
        final Map<Integer, String> posted = new HashMap<>();
        final List<MockRequest> taken = new ArrayList<>();
        final Deque<String> answered = new ArrayDeque<>();
        boolean rung = false;

        for (int step = 0; step < steps.size(); step++) {
            final int choice = steps.get(step);
            switch (choice % 4) {
                case 0, 1 -> {
                    if (!free.isEmpty()) {
                        final int number = choice % 8 < 4 ? free.pollFirst() : free.pollLast();
                        final String message = "request " + step;
                        under.post(number, message);
                        posted.put(number, message);
                        rung |= under.driver.needsDoorbell();
                    }
                }
                case 2 -> {
                    // A sleeping device reads the queue only after a doorbell, so a missing doorbell shows as a lost
                    // request.
                    if (rung) {
                        taken.addAll(under.device.take());
                        rung = false;
                    }
                    if (!taken.isEmpty()) {
                        final MockRequest request = taken.remove(choice % taken.size());
                        under.device.answer(request, request.message());
                        answered.add(new String(request.message(), ISO_8859_1));
                    }
                }
                default -> {
                    final Used used = under.driver.poll();
                    if (answered.isEmpty()) {
                        assertThat(used).isNull();
                    } else {
                        final String expected = answered.remove();
                        assertThat(posted.remove(used.request())).isEqualTo(expected);
                        assertThat(under.answerOf(used.request(), used.length()))
                                .asString()
                                .isEqualTo(expected);
                        free.add(used.request());
                    }
                }
            }
            final int unseen = posted.size() - taken.size() - answered.size();
            assertThat(unseen == 0 || rung)
                    .as("the device knows of what it has not taken")
                    .isTrue();
        }
        assertThat(under.device.interrupts()).isZero();
    }
}
