package dev.ninepin.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.DmaSegment;
import dev.ninepin.virtio.pci.Mmio;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.pci.VirtioCapabilities;
import dev.ninepin.virtio.queue.VirtioFeatures;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of {@link PciFunction}, which every implementation must keep. A subclass opens the function of a
 * virtio-9p device.
 */
@Timeout(60)
public abstract class PciFunctionContract {
    private static final int MEMORY = 1 << 20;

    /** Opens a function in its initial state, with at least 1 MiB of DMA memory. At most one is open at a time. */
    public abstract PciFunction open() throws Exception;

    @Test
    void configurationSpaceReadsTheSameInEachWidth() throws Exception {
        try (PciFunction function = open()) {
            assertThat(function.readConfig16(PciConfig.VENDOR_ID)).isEqualTo(0x1af4);
            for (int offset = 0; offset < PciConfig.SIZE; offset += Integer.BYTES) {
                final int whole = function.readConfig32(offset);
                assertThat(function.readConfig16(offset) | function.readConfig16(offset + 2) << 16)
                        .isEqualTo(whole);
                for (int i = 0; i < Integer.BYTES; i++) {
                    assertThat(function.readConfig8(offset + i)).isEqualTo(whole >>> (8 * i) & 0xff);
                }
            }
        }
    }

    @Test
    void theCommandRegisterKeepsWhatIsWritten() throws Exception {
        try (PciFunction function = open()) {
            final int command = PciConfig.COMMAND_MEMORY | PciConfig.COMMAND_BUS_MASTER | PciConfig.COMMAND_NO_INTX;
            function.writeConfig16(PciConfig.COMMAND, command);

            assertThat(function.readConfig16(PciConfig.COMMAND) & command).isEqualTo(command);
        }
    }

    @Test
    void theBarsThatTheCapabilitiesNameAreMapped() throws Exception {
        try (PciFunction function = open()) {
            for (final VirtioCapabilities.Place place :
                    VirtioCapabilities.read(function).structures().values()) {
                final Mmio bar = function.mapBar(place.bar());

                assertThat(function.mapBar(place.bar())).isSameAs(bar);
                assertThat(bar.size()).isGreaterThanOrEqualTo(place.offset() + place.length());
            }
        }
    }

    @Test
    void registersReachTheDevice() throws Exception {
        try (PciFunction function = open()) {
            final VirtioPciDevice device = VirtioPciDevice.open(function);

            assertThat(device.offered().has(VirtioFeatures.VERSION_1)).isTrue();
            device.negotiate(device.offered());
            device.reset();
        }
    }

    @Test
    void accessBeyondABarIsRefused() throws Exception {
        try (PciFunction function = open()) {
            final Mmio bar = function.mapBar(VirtioCapabilities.read(function)
                    .structures()
                    .get(VirtioCapabilities.Kind.COMMON)
                    .bar());
            final long end = bar.size();

            assertThatThrownBy(() -> bar.read8(end)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> bar.read16(end - 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> bar.read32(end - 2)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> bar.write32(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> bar.post16(end, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aBarThatIsNotThereIsRefused() throws Exception {
        try (PciFunction function = open()) {
            assertThatThrownBy(() -> function.mapBar(3)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void dmaMemoryIsDescribedInFull() throws Exception {
        try (PciFunction function = open()) {
            final DmaMemory memory = function.dmaMemory(MEMORY, false);

            assertThat(memory.bytes().isDirect()).isTrue();
            assertThat(memory.bytes().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            assertThat(memory.bytes().capacity()).isGreaterThanOrEqualTo(MEMORY);
            for (final int offset : new int[] {0, 1, 4095, 65_536}) {
                final List<DmaSegment> segments = memory.segments(offset, 100_000);
                assertThat(segments.stream().mapToInt(DmaSegment::length).sum()).isEqualTo(100_000);
                assertThat(segments).hasSizeLessThanOrEqualTo(memory.maxSegments(100_000));
            }
        }
    }

    @Test
    void moreMemoryThanThereIsIsRefused() throws Exception {
        try (PciFunction function = open()) {
            assertThatThrownBy(() -> function.dmaMemory(Integer.MAX_VALUE, false))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void closingAgainDoesNothing() throws Exception {
        final PciFunction function = open();
        function.close();

        assertThatCode(function::close).doesNotThrowAnyException();
    }
}
