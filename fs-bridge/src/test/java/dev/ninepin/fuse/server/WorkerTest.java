package dev.ninepin.fuse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class WorkerTest {
    /** Pages that the system has taken back are zero. */
    @Test
    void theBeginningOfTheReceiveBufferStaysInMemory() throws IOException {
        final Worker worker =
                new Worker(new RequestSlots(), LibFuse.get(), Timeouts.of(CacheMode.OPEN), null, each -> {});
        final ByteBuffer buffer = worker.received.buffer();
        for (int i = 0; i < ReceivedRequest.BUFFER_SIZE; i++) {
            buffer.put(i, (byte) 1);
        }

        worker.releaseMemory();

        final int page = LibC.get().getpagesize();
        int kept = 0;
        while (buffer.get(kept) == 1) {
            kept++;
        }
        assertThat(kept).isBetween(Worker.SMALL, Worker.SMALL + page);
        int left = 0;
        for (int i = kept; i < ReceivedRequest.BUFFER_SIZE - page; i++) {
            left += buffer.get(i);
        }
        assertThat(left).isZero();
    }
}
