package dev.ninepin.micro;

import dev.ninepin.p9.Tgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.TagTable;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Takes a tag for a call, finds the call by its tag as the reply reader does, and frees the tag. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TagTableBenchmark {
    private static final int TAGS = 128;

    private final TagTable tags = new TagTable(TAGS, true, TAGS);
    private final Tgetattr request = new Tgetattr(1, 0x7ff);

    @Benchmark
    public Call<?> takeAndFree() {
        final int tag = tags.tryTake(TagTable.Kind.ORDINARY);
        // The exchange is used only by waiting for the reply.
        tags.put(new Call<>(null, 0, tag, TagTable.Kind.ORDINARY, request, (reply, memory) -> reply));
        final Call<?> call = tags.get(tag);
        tags.free(call);
        return call;
    }
}
