package dev.ninepin.channel.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.Received;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Leftovers;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the life of a command behind a channel, including commands that do not exit when they should. */
@Timeout(60)
class CommandStreamTest {
    @Test
    void theLastWordsOfACommandAreInTheError() throws Exception {
        try (Channel channel = shell("echo first >&2; echo 'cannot export /data' >&2; exit 3")) {
            assertThatThrownBy(channel::receive)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("exec:sh -c ")
                    .hasMessageEndingWith("the server closed the connection; the command ended with status 3;"
                            + " its standard error ends with: first; cannot export /data");
        }
    }

    @Test
    void ofACommandThatTalksALotTheEndIsKept() throws Exception {
        try (Channel channel = shell("seq 200000 >&2; printf 'odd \\033[1m end' >&2; exit 1")) {
            assertThatThrownBy(channel::receive)
                    .isInstanceOf(IOException.class)
                    .hasMessageEndingWith("199999; 200000; odd ?[1m end")
                    .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(2000));
        }
    }

    @Test
    void closeWakesASenderThatWaitsForACommand() throws Exception {
        final Channel channel = shell("exec sleep 1000");
        try (BackgroundCall<Void> sender =
                BackgroundCall.start("sender", () -> BrokenStreamTest.sendForEver(channel))) {
            sender.awaitBlockedIn("send");

            channel.close();

            assertThat(sender.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void aCommandThatReadsNothingIsGivenUp() throws Exception {
        try (Channel channel = shell("exec sleep 1000")) {
            channel.limitSending(TimeUnit.MILLISECONDS.toNanos(200));
            try (BackgroundCall<Void> sender =
                    BackgroundCall.start("sender", () -> BrokenStreamTest.sendForEver(channel))) {
                assertThat(sender.failure())
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("the server has read nothing for 0.2 s");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // In turn: exits at the end of its input; ignores the end of its input; also ignores SIGTERM; has a
                // child that ignores the end of its input.
                "exec cat",
                "exec sleep 1000",
                "trap '' TERM; while true; do sleep 1000; done",
                "sleep 1000; true",
                // Leaves a child that holds the pipes, so that they never reach their end.
                "sleep 1000 & exec sleep 1000",
            })
    void closeEndsTheCommandAndWakesTheReader(final String command) throws Exception {
        shell("exec cat").close();
        final Leftovers before = Leftovers.now();
        final Channel channel = shell(command);
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitBlockedIn("receive");
            final List<ProcessHandle> processes = ProcessHandle.current()
                    .descendants()
                    .filter(process -> !before.children().contains(process.pid()))
                    .toList();
            assertThat(processes).isNotEmpty();

            channel.close();

            assertThat(reader.failure()).isInstanceOf(ChannelClosedException.class);
            assertThat(processes).noneMatch(ProcessHandle::isAlive);
        }
        before.awaitNothingNew();
    }

    @Test
    void interruptsDoNotShortenTheTimeThatACommandHasToExit() throws Exception {
        final Channel channel = shell("trap '' TERM; while true; do sleep 1000; done");
        final long begin = System.nanoTime();
        try (BackgroundCall<Boolean> closing = BackgroundCall.start("closing", () -> {
            Thread.currentThread().interrupt();
            channel.close();
            return Thread.interrupted();
        })) {
            closing.awaitInside("haveEnded").interrupt();

            assertThat(closing.result()).as("the interrupt status on return").isTrue();
        }
        // Half a second after the end of its input, and another after SIGTERM.
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(1));
    }

    private static StreamChannel shell(final String script) throws IOException {
        return StreamChannel.exec(List.of("sh", "-c", script));
    }
}
