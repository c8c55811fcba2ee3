package dev.ninepin.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of a revoked mapping. Accesses to a truncated file fault like accesses to a revoked mapping. */
class MappedMmioTest {
    private static final int SIZE = 4096;

    /** Enough accesses for the JVM's compilers. */
    private static final int MANY = 20_000;

    @TempDir
    private Path directory;

    private Path resource;
    private PciConfigFile config;
    private MappedMmio registers;

    @BeforeEach
    void map() throws Exception {
        resource = directory.resolve("resource4");
        Files.write(resource, new byte[SIZE]);
        config = PciConfigFile.open("0000:00:04.0", Files.write(directory.resolve("config"), new byte[PciConfig.SIZE]));
        registers = MappedMmio.map(resource, config);
    }

    @AfterEach
    void close() {
        config.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, MANY})
    void anAccessToALostMappingFailsThenAndThere(final int accesses) throws Exception {
        for (int i = 0; i < accesses; i++) {
            access(i);
        }
        try (RandomAccessFile file = new RandomAccessFile(resource.toFile(), "rw")) {
            file.setLength(0);
        }
        for (int i = 0; i < accesses; i += accesses / 20 + 1) {
            for (final int width : new int[] {1, 2, 4}) {
                assertFails(() -> registers.read(8, width), "revoked");
                assertFails(() -> registers.write(8, width, 1), "revoked");
            }
            assertFails(() -> registers.post16(8, 0), "revoked");
        }
    }

    @Test
    void noRegisterIsTouchedOnceTheDeviceIsGone() throws Exception {
        config.close();

        assertFails(() -> registers.read32(0), "gone");
        assertFails(() -> registers.write8(0, 1), "gone");
        assertFails(() -> registers.post16(0, 1), "gone");
        assertThat(Files.readAllBytes(resource)).containsOnly(0);
    }

    private void access(final int value) throws IOException {
        registers.write32(4, value);
        registers.write16(4, value);
        registers.write8(4, value);
        registers.post16(8, value);
        assertThat(registers.read8(4)).isEqualTo(value & 0xff);
        assertThat(registers.read16(4)).isEqualTo(value & 0xffff);
        assertThat(registers.read32(4)).isEqualTo(value);
    }

    private interface Access {
        void run() throws IOException;
    }

    private static void assertFails(final Access access, final String words) {
        assertThatThrownBy(access::run).isInstanceOf(IOException.class).hasMessageContaining(words);
    }
}
