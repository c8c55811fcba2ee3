package dev.ninepin.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.queue.QueueLayout;
import dev.ninepin.virtio.queue.VirtioFeatures;
import java.io.IOException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class VirtioPciDeviceTest {
    private static final VirtioFeatures ALL = new VirtioFeatures(MockDevice.ALL_FEATURES);

    private final MockDevice mock = new MockDevice();

    @Test
    void theModernAndTheTransitionalDeviceAreBothTaken() throws Exception {
        VirtioPciDevice.open(mock.ids(0x1af4, 0x1049));
        VirtioPciDevice.open(mock.ids(0x1af4, 0x1009));
    }

    @Test
    void otherDevicesAreLeftAlone() throws IOException {
        assertRefused(() -> VirtioPciDevice.open(mock.ids(0x8086, 0x1049)), "8086:1049");
        assertRefused(() -> VirtioPciDevice.open(mock.ids(0x1af4, 0x1000)), "1af4:1000");
        assertThat(mock.readConfig16(PciConfig.COMMAND)).isZero();
    }

    @Test
    void theFunctionMayUseTheBusAndDoesNotInterrupt() throws Exception {
        VirtioPciDevice.open(mock);

        assertThat(mock.readConfig16(PciConfig.COMMAND)).isEqualTo(0x406);
    }

    @Test
    void aResetIsWaitedFor() throws Exception {
        VirtioPciDevice.open(mock.statusReads(0x0f, 0x0f, 0x0f));

        // The fourth read returned 0, and no fifth followed.
        assertThat(mock.status()).isZero();
    }

    @Test
    void featuresThatBothSidesKnowAreAgreedOn() throws Exception {
        final long strange = 1L << 40 | 1L << 35 | 1 << 5;
        mock.features(MockDevice.ALL_FEATURES | strange);

        final VirtioFeatures agreed = VirtioPciDevice.open(mock).negotiate(ALL);

        assertThat(agreed).isEqualTo(ALL).hasToString("mount_tag indirect_desc event_idx version_1");
        assertThat(mock.accepted()).isEqualTo(MockDevice.ALL_FEATURES);
        assertThat(mock.status()).isEqualTo(0xb);
    }

    @Test
    void aDeviceOfOldIsRefused() throws Exception {
        final VirtioPciDevice device = VirtioPciDevice.open(mock.features(MockDevice.ALL_FEATURES & ~(1L << 32)));

        assertRefused(() -> device.negotiate(ALL), "virtio 1.x");
    }

    @Test
    void aDeviceWithoutMountTagIsRefused() throws Exception {
        final VirtioPciDevice device = VirtioPciDevice.open(mock.features(MockDevice.ALL_FEATURES & ~1L));

        assertRefused(() -> device.negotiate(ALL), "mount tag");
    }

    @Test
    void aDeviceThatTakesItsFeaturesBackIsRefused() throws Exception {
        final VirtioPciDevice device = VirtioPciDevice.open(mock.refusingFeatures());

        assertRefused(() -> device.negotiate(ALL), "refuses the features");
    }

    @Test
    void aQueueSizeThatCanNotBeIsRefused() throws Exception {
        for (final int size : new int[] {0, 1, 3, 127, 0xffff}) {
            final VirtioPciDevice device = VirtioPciDevice.open(mock.queueSize(size));

            assertRefused(device::queueSize, size + " slots");
        }
    }

    @Test
    void ofALargeQueueNoMoreThan128SlotsAreUsed() throws Exception {
        assertThat(VirtioPciDevice.open(mock.queueSize(0x8000)).queueSize()).isEqualTo(128);
        assertThat(VirtioPciDevice.open(mock.queueSize(16)).queueSize()).isEqualTo(16);
    }

    @Test
    void theMountTagIsReadInOnePieceOfTime() throws Exception {
        assertThat(VirtioPciDevice.open(mock.changingGeneration(5)).mountTag()).hasToString("share");
    }

    @Test
    void aMountTagThatNeverStaysIsRefused() throws Exception {
        final VirtioPciDevice device = VirtioPciDevice.open(mock.changingGeneration(Integer.MAX_VALUE));

        assertRefused(device::mountTag, "it changed during every attempt");
    }

    @Test
    void aMountTagLongerThanItsRegistersIsRefused() throws Exception {
        for (final int length : new int[] {0xff, 0xffff}) {
            final VirtioPciDevice device = VirtioPciDevice.open(mock.mountTagLength(length));

            assertRefused(device::mountTag, length + " bytes");
        }
    }

    @Test
    void aDoorbellBeyondItsRegistersIsRefused() throws Exception {
        mock.config().putInt(0x64 + 16, 0x55);
        final VirtioPciDevice device = VirtioPciDevice.open(mock);

        assertRefused(() -> device.start(MockMemory.contiguous(1 << 20), new QueueLayout(0, 128, 128, 2)), "doorbell");
    }

    @Test
    void aDeviceThatNeedsResetOrIsGoneOrWasTakenSaysSo() throws Exception {
        final VirtioPciDevice device = VirtioPciDevice.open(mock);
        mock.statusReads(0x0f, 0x4f, 0xff, 0x00);

        device.checkHealth();
        assertRefused(device::checkHealth, "broken");
        assertRefused(device::checkHealth, "gone");
        assertRefused(device::checkHealth, "reset by another program");
    }

    private void assertRefused(final ThrowingCallable call, final String words) {
        assertThatThrownBy(call)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(mock.address())
                .hasMessageContaining(words);
    }
}
