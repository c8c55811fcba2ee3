package dev.ninepin.share.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Tests of {@link FilePages} with a simulated kernel whose pages cannot be looked at. {@code OvertakenWriteTest} uses a
 * real kernel.
 */
class FilePagesTest {
    private final List<String> drops = new ArrayList<>();
    private final FilePages pages = new FilePages(7);

    private final KernelCache kernel = new KernelCache() {
        @Override
        public int pageSize() {
            return 4096;
        }

        @Override
        public void dropData(final long node) {
            drops.add(node + ": all");
        }

        @Override
        public void dropPages(final long node, final long offset, final long size) {
            drops.add(node + ": " + offset + "+" + size);
        }

        @Override
        public Optional<ByteBuffer> retrievePages(final long node, final long offset, final int size) {
            return Optional.empty();
        }
    };

    private void write() {
        pages.completeWrite(
                100,
                ByteBuffer.allocate(5000),
                work -> {
                    work.run();
                    return true;
                },
                kernel);
    }

    @Test
    void whatCannotBeLookedAtIsDropped() throws Exception {
        pages.opened();
        pages.drop(pages.judgeOpen(CacheMode.NONE, Optional.empty(), 0, 0, true), kernel);
        pages.beginRead(0, 4096).orElseThrow().run();
        write();
        write();
        assertThat(drops).containsExactly("7: all", "7: 100+5000");
    }

    @Test
    void whatIsBeingReadIsDroppedWithoutALook() throws Exception {
        pages.opened();
        pages.drop(kernel);
        pages.beginRead(0, 4096);
        Thread.currentThread().interrupt();
        try {
            write();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(drops).containsExactly("7: all", "7: 100+5000");
    }
}
