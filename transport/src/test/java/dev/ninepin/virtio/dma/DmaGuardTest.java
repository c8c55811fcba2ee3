package dev.ninepin.virtio.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.os.LibC;
import dev.ninepin.virtio.pci.PciConfig;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DmaGuardTest {
    private static final int COMMAND = 0x07;
    private static final int WITHOUT_BUS = 0x02;

    @TempDir
    private Path directory;

    @Test
    void afterAKillTheDeviceIsTakenOffTheBus() throws Exception {
        final Path config = config();
        final Process killed = new ProcessBuilder(List.of(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Driver.class.getName(),
                        config.toString()))
                .redirectErrorStream(true)
                .start();
        assertThat(killed.inputReader()
                        .lines()
                        .filter(line -> line.equals("guarded"))
                        .findFirst())
                .isPresent();
        final List<ProcessHandle> guards = killed.descendants().toList();
        assertThat(guards).isNotEmpty();
        assertThat(Files.readAllBytes(config)[PciConfig.COMMAND]).isEqualTo((byte) COMMAND);

        killed.destroyForcibly();

        await().until(() -> Files.readAllBytes(config)[PciConfig.COMMAND] == WITHOUT_BUS);
        await().until(() -> guards.stream().noneMatch(ProcessHandle::isAlive));
        assertThat(config).hasSize(PciConfig.SIZE);
    }

    @Test
    void aDeviceThatWasGivenBackIsLeftAlone() throws Exception {
        final Path config = config();
        final List<ProcessHandle> before = ProcessHandle.current().descendants().toList();
        try (AnonymousMemory memory = AnonymousMemory.create(1 << 16);
                PagePins pins = pins(memory.bytes())) {
            DmaGuard.start(pins, config).close();
        }

        assertThat(ProcessHandle.current().descendants().toList()).isSubsetOf(before);
        assertThat(Files.readAllBytes(config)[PciConfig.COMMAND]).isEqualTo((byte) COMMAND);
    }

    private Path config() throws Exception {
        final byte[] bytes = new byte[PciConfig.SIZE];
        bytes[PciConfig.COMMAND] = COMMAND;
        return Files.write(directory.resolve("config"), bytes);
    }

    private static PagePins pins(final ByteBuffer bytes) throws Exception {
        return PagePins.pin(bytes, LibC.get().getpagesize());
    }

    /** A program that guards memory and then waits to be killed. */
    static final class Driver {
        public static void main(final String... arguments) throws Exception {
            final ByteBuffer bytes;
            try (AnonymousMemory memory = AnonymousMemory.create(1 << 16)) {
                memory.touch(1 << 12);
                bytes = memory.bytes();
            }
            try (PagePins pins = pins(bytes);
                    DmaGuard guard = DmaGuard.start(pins, Path.of(arguments[0]))) {
                System.out.println("guarded");
                Thread.sleep(Long.MAX_VALUE);
            }
        }
    }
}
