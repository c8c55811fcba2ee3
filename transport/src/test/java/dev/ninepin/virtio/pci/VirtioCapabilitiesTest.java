package dev.ninepin.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.virtio.device.MockDevice;
import dev.ninepin.virtio.pci.VirtioCapabilities.Kind;
import dev.ninepin.virtio.pci.VirtioCapabilities.Place;
import java.io.IOException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class VirtioCapabilitiesTest {
    private final MockDevice device = new MockDevice();

    @Test
    void eachStructureIsFoundInItsOwnBar() throws Exception {
        final VirtioCapabilities found = VirtioCapabilities.read(device);

        assertThat(found.structures())
                .containsEntry(Kind.COMMON, new Place(MockDevice.COMMON_BAR, 0x100, 56))
                .containsEntry(Kind.NOTIFY, new Place(MockDevice.NOTIFY_BAR, 0x200, 0x100))
                .containsEntry(Kind.DEVICE, new Place(MockDevice.DEVICE_BAR, 0x300, 0x100));
        assertThat(found.notifyMultiplier()).isEqualTo(4);
    }

    @Test
    void theFirstUsableOfAKindIsTaken() throws Exception {
        device.capability(0x78, 0x90, 4, 7, 0, 0x100);
        device.capability(0x90, 0xa0, 4, 1, 0, 0x100);
        device.config().putInt(PciConfig.bar(1), PciConfig.BAR_IS_IO);
        device.capability(0xa0, 0xb0, 4, MockDevice.DEVICE_BAR, 0, 1);
        device.capability(0xb0, 0xc0, 4, MockDevice.DEVICE_BAR, 0x40, 0x80);
        device.capability(0xc0, 0, 4, MockDevice.DEVICE_BAR, 0x80, 0x80);

        assertThat(VirtioCapabilities.read(device).structures())
                .containsEntry(Kind.DEVICE, new Place(MockDevice.DEVICE_BAR, 0x40, 0x80));
    }

    @Test
    void aListThatRunsInACircleEnds() {
        device.config().put(0x78 + PciConfig.CAPABILITY_NEXT, (byte) 0x50);

        assertRefused("circle");
    }

    @Test
    void aListThatLeadsIntoTheHeaderEndsThere() {
        device.config().put(0x50 + PciConfig.CAPABILITY_NEXT, (byte) 0x10);

        assertRefused("NOTIFY");
    }

    @Test
    void aDeviceWithoutCapabilitiesIsNoModernOne() {
        device.config().putShort(PciConfig.STATUS, (short) 0);

        assertRefused("virtio 1.x");
    }

    @Test
    void aCapabilityThatIsCutOffByTheEndIsPassedOver() {
        device.config().put(0x78 + PciConfig.CAPABILITY_NEXT, (byte) 0xf4).put(0x78 + 3, (byte) 99);
        device.config().put(0xf4, (byte) 9).put(0xf4 + 2, (byte) 16).put(0xf4 + 3, (byte) 4);

        assertRefused("DEVICE");
    }

    @Test
    void aNotifyCapabilityWithoutItsMultiplierIsPassedOver() {
        device.config().put(0x64 + 2, (byte) 16);

        assertRefused("NOTIFY");
    }

    @Test
    void commonRegistersThatAreTooFewArePassedOver() {
        device.config().putInt(0x50 + 12, CommonRegisters.SIZE - 1);

        assertRefused("COMMON");
    }

    @Test
    void aStructureBeyondItsBarIsRefused() throws Exception {
        for (final int offset : new int[] {0xfff, 0x1000, Integer.MAX_VALUE, -1}) {
            device.config().putInt(0x50 + 8, offset);
            final VirtioCapabilities found = VirtioCapabilities.read(device);

            assertThatThrownBy(() -> found.map(device, Kind.COMMON))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("beyond its BAR");
        }
    }

    @Test
    void aLengthOf4GiBIsRefused() throws Exception {
        device.config().putInt(0x50 + 12, -1);
        final VirtioCapabilities found = VirtioCapabilities.read(device);

        assertThatThrownBy(() -> found.map(device, Kind.COMMON)).isInstanceOf(IOException.class);
    }

    @Property(tries = 2000)
    void arbitraryConfigurationSpaceGivesAnIoExceptionOrPlacesWithinABar(
            @ForAll @Size(256) final byte[] bytes, @ForAll final boolean mostlyHealthy) throws Exception {
        final MockDevice broken = new MockDevice();
        for (int i = PciConfig.HEADER_SIZE; i < bytes.length; i++) {
            if (!mostlyHealthy || i % 37 == Math.floorMod(bytes[0], 37)) {
                broken.config().put(i, bytes[i]);
            }
        }
        try {
            final VirtioCapabilities found = VirtioCapabilities.read(broken);
            for (final Kind kind : Kind.values()) {
                assertThat(found.map(broken, kind).size()).isBetween(1L, 0x1000L);
            }
        } catch (final IOException e) {
            assertThat(e).hasMessageMatching("(?s).*(circle|usable|beyond|no BAR).*");
        }
    }

    private void assertRefused(final String word) {
        assertThatThrownBy(() -> VirtioCapabilities.read(device))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(word)
                .hasMessageContaining(device.address());
    }
}
