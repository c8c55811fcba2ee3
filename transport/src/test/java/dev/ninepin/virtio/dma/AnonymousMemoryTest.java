package dev.ninepin.virtio.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AnonymousMemoryTest {
    /** A size that no other test uses, so that the mappings of this test can be found by it. */
    private static final int SIZE = 5 << 20;

    @Test
    void memoryThatNothingRefersToIsUnmappedBeforeThereIsMuch() throws Exception {
        for (int i = 0; i < 10; i++) {
            AnonymousMemory.create(SIZE).close();
        }

        // The collector's thread may be late.
        await().untilAsserted(() -> assertThat(countMappings()).isLessThanOrEqualTo(4));
    }

    private static long countMappings() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("memfd:ninepin"))
                    .map(line -> line.split("[ -]", 3))
                    .filter(range -> Long.parseLong(range[1], 16) - Long.parseLong(range[0], 16) == SIZE)
                    .count();
        }
    }
}
