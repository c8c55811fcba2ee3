package dev.ninepin.micro;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Twalk;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Encodes the requests of a stat and a read into a channel's memory, and decodes their replies. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecBenchmark {
    private static final int ROOM = 8192;

    /** The exchange whose messages are measured. */
    public enum Exchange {
        WALK(new Twalk(1, 2, List.of(ByteString.of("file.txt"))), new Rwalk(List.of(new Qid(0, 1, 2)))),
        GETATTR(
                new Tgetattr(1, 0x7ff),
                new Rgetattr(0x7ff, new Qid(0, 1, 2), 0x81a4, 0, 0, 1, 0, 100, 4096, 8, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0)),
        READ(new Tread(1, 0, 4096), new Rread(ByteBuffer.allocate(4096)));

        private final Message request;
        private final Message reply;

        Exchange(final Message request, final Message reply) {
            this.request = request;
            this.reply = reply;
        }
    }

    @Param
    public Exchange exchange;

    private final ByteBuffer sent = ByteBuffer.allocateDirect(ROOM);
    private final ByteBuffer received = ByteBuffer.allocateDirect(ROOM);

    @Setup
    public void encodeReply() {
        new Frame(1, exchange.reply).encode(received);
        received.flip();
    }

    @Benchmark
    public ByteBuffer encodeRequest() {
        new Frame(1, exchange.request).encode(sent.clear());
        return sent;
    }

    @Benchmark
    public Frame decodeReply() throws ProtocolException {
        return Frame.decode(received);
    }
}
