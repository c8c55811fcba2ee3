package dev.ninepin.virtio.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HugePagesTest {
    private static final ByteBuffer MAPPED = ByteBuffer.allocate(1);

    @TempDir
    private Path directory;

    private HugePages hugePages;

    @BeforeEach
    void startAKernel() throws Exception {
        hugePages = new HugePages(directory, directory.resolve("lock"));
        set("nr_overcommit_hugepages", 3);
        set("surplus_hugepages", 2);
        set("free_hugepages", 8);
        set("resv_hugepages", 1);
    }

    @Test
    void whatIsFreeIsUsedFirst() throws Exception {
        final ByteBuffer mapped = hugePages.map(7, () -> {
            assertThat(overcommit()).isEqualTo(3);
            return MAPPED;
        });

        assertThat(mapped).isSameAs(MAPPED);
    }

    @Test
    void theLimitIsRaisedWhileMoreAreMapped() throws Exception {
        hugePages.map(10, () -> {
            assertThat(overcommit()).isEqualTo(12);
            return MAPPED;
        });

        assertThat(overcommit()).isEqualTo(3);
    }

    @Test
    void aLimitOfTheAdministratorsThatIsHigherStays() throws Exception {
        set("nr_overcommit_hugepages", 500);

        hugePages.map(10, () -> {
            assertThat(overcommit()).isEqualTo(500);
            return MAPPED;
        });

        assertThat(overcommit()).isEqualTo(500);
    }

    @Test
    void theLimitIsTakenBackWhenThereAreNone() throws Exception {
        assertThatThrownBy(() -> hugePages.map(10, () -> {
                    throw new IOException("Map failed");
                }))
                .isInstanceOf(IOException.class);

        assertThat(overcommit()).isEqualTo(3);
    }

    private void set(final String name, final long value) throws IOException {
        Files.writeString(directory.resolve(name), value + "\n");
    }

    private long overcommit() throws IOException {
        return Long.parseLong(
                Files.readString(directory.resolve("nr_overcommit_hugepages")).strip());
    }
}
