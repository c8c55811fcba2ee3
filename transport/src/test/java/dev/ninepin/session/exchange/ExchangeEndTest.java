package dev.ninepin.session.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tstatfs;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the listener and the calls at the end of an exchange. */
@Timeout(60)
class ExchangeEndTest {
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<SessionEnd> told = new CopyOnWriteArrayList<>();

    /** Run while the end is being noted. */
    private Runnable atEnd = () -> {};

    /** A channel that answers no Tstatfs, and breaks at any other request. */
    private final class Broken implements Channel {
        @Override
        public ChannelInfo info() {
            return new ChannelInfo("broken", "a channel of a test", Map.of());
        }

        @Override
        public int maxMessageSize() {
            return 8192;
        }

        @Override
        public int maxRequests() {
            return 16;
        }

        @Override
        public void send(final int tag, final Tmessage request) throws IOException {
            if (request instanceof Tstatfs) {
                return;
            }
            throw new IOException() {
                private static final long serialVersionUID = 1L;

                @Override
                public String getMessage() {
                    atEnd.run();
                    return "broken by the test";
                }
            };
        }

        @Override
        public void flush() {}

        @Override
        public Received receive() throws IOException {
            try {
                closed.await();
            } catch (final InterruptedException e) {
                throw new AssertionError("nobody interrupts the reply reader", e);
            }
            throw new ChannelClosedException();
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    @Test
    void anEndAtTheMomentOfTheEstablishmentIsNotMissed() throws Exception {
        final Exchange exchange = new Exchange(
                new Broken(), 0, Duration.ofSeconds(10), Duration.ofSeconds(10), new OperationRecorder(), told::add);
        atEnd = () -> {
            // As another thread may do, which then reads whether the exchange has ended.
            exchange.setEstablished(true);
            if (exchange.hasEnded()) {
                told.add(exchange.end().orElseThrow());
            }
            atEnd = () -> {};
        };

        assertThatThrownBy(() -> exchange.call(new Tgetattr(0, 0), (reply, memory) -> reply)
                        .await())
                .isInstanceOf(SessionEndedException.class);
        assertThat(told).singleElement().extracting(SessionEnd::reason).isEqualTo("broken by the test");
        exchange.close();
    }

    @Test
    void callsFailAndTheChannelIsClosedWhateverTheListenerThrows() throws Exception {
        final Exchange exchange = new Exchange(
                new Broken(), 0, Duration.ofSeconds(10), Duration.ofSeconds(10), new OperationRecorder(), why -> {
                    throw new OutOfMemoryError("no thread can be started");
                });
        exchange.setEstablished(true);
        final Call<?> inFlight = exchange.call(new Tstatfs(0), (reply, memory) -> reply);

        assertThatThrownBy(() -> exchange.call(new Tgetattr(0, 0), (reply, memory) -> reply))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(inFlight.future()).isCompletedExceptionally();
        exchange.close();
        assertThat(closed.getCount()).isZero();
        assertThat(exchange.tagsUsed()).isZero();
    }
}
