package dev.ninepin.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceClaimTest {
    private static final String ADDRESS = "0000:00:04.0";

    @TempDir
    private Path directory;

    private FakeSysfs sysfs;
    private SysfsDevice device;
    private Path locks;

    @BeforeEach
    void plugADeviceIn() throws Exception {
        sysfs = new FakeSysfs(directory);
        sysfs.driver("vfio-pci").driver("uio_pci_generic").driver("virtio-pci");
        device = sysfs.plug(ADDRESS);
        locks = directory.resolve("run");
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceThatNobodyDrivesIsLentToEachDriverAndBack(final DriverKind kind) throws Exception {
        try (DeviceClaim claim = DeviceClaim.take(device, locks)) {
            claim.bind(kind);
            assertThat(device.driver())
                    .isEqualTo(kind == DriverKind.SYSFS ? Optional.empty() : Optional.of(kind.kernelDriver()));
            // So that no other driver takes it meanwhile.
            assertThat(device.driverOverride()).contains(kind.kernelDriver());
            switchOnTheBus();
        }

        assertThat(device.driver()).isEmpty();
        assertThat(device.driverOverride()).isEmpty();
        assertThat(sysfs.command(device)).isEqualTo(FakeSysfs.FOUND_COMMAND);
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceOfVirtioPciThatNothingUsesGoesBackThere(final DriverKind kind) throws Exception {
        sysfs.makeVirtio(device, "", "");
        try (DeviceClaim claim = DeviceClaim.take(device, locks)) {
            claim.bind(kind);
            assertThat(device.driver()).isNotEqualTo(Optional.of("virtio-pci"));
        }

        assertThat(device.driver()).contains("virtio-pci");
        assertThat(device.driverOverride()).isEmpty();
    }

    @Test
    void anOverrideOfTheAdministratorsIsKept() throws Exception {
        sysfs.bind(device, "vfio-pci");
        device.overrideDriver(Optional.of("vfio-pci"));
        try (DeviceClaim claim = DeviceClaim.take(device, locks)) {
            claim.bind(DriverKind.UIO);
        }

        assertThat(device.driver()).contains("vfio-pci");
        assertThat(device.driverOverride()).contains("vfio-pci");
    }

    @Test
    void whatTheKernelUsesIsRefusedAndLeftAlone() throws Exception {
        sysfs.makeVirtio(device, "9pnet_virtio", "share");

        assertThatThrownBy(() -> DeviceClaim.take(device, locks))
                .isInstanceOf(DeviceInUseException.class)
                .hasMessageContaining(ADDRESS)
                .hasMessageContaining("held by the kernel's driver 9pnet_virtio")
                .hasMessageContaining("modprobe -r 9pnet_virtio");
        assertThat(sysfs.written()).isEmpty();
    }

    @Test
    void whatAnotherDriverHasIsRefused() throws Exception {
        sysfs.bind(device, "igb_uio");

        assertThatThrownBy(() -> DeviceClaim.take(device, locks))
                .isInstanceOf(DeviceInUseException.class)
                .hasMessageContaining("igb_uio")
                .hasMessageContaining("/driver/unbind");
    }

    @Test
    void nobodyElseGetsADeviceThatIsClaimed() throws Exception {
        try (DeviceClaim claim = DeviceClaim.take(device, locks)) {
            claim.bind(DriverKind.SYSFS);
            assertThatThrownBy(() -> DeviceClaim.take(device, locks))
                    .isInstanceOf(DeviceInUseException.class)
                    .hasMessageContaining("in use by another ninepin");
        }
        DeviceClaim.take(device, locks).close();
    }

    @Test
    void aDriverThatDoesNotTakeTheDeviceIsToldAndTheDeviceGoesBack() throws Exception {
        sysfs.refusingDriver("uio_pci_generic").makeVirtio(device, "", "");
        try (DeviceClaim claim = DeviceClaim.take(device, locks)) {
            assertThatThrownBy(() -> claim.bind(DriverKind.UIO))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("did not bind " + ADDRESS + " to uio_pci_generic");
        }

        assertThat(device.driver()).contains("virtio-pci");
        assertThat(device.driverOverride()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "virtio-pci"})
    void afterAKillTheNextClaimHandsBackWhatTheFirstFound(final String driver) throws Exception {
        if (!driver.isEmpty()) {
            sysfs.makeVirtio(device, "", "");
        }
        final Path record = locks.resolve("pci-" + ADDRESS + ".found");
        final DeviceClaim killed = DeviceClaim.take(device, locks);
        final String left = Files.readString(record);
        killed.close();
        device.unbind();
        device.overrideDriver(Optional.of("vfio-pci"));
        device.probe();
        Files.writeString(record, left);

        DeviceClaim.take(device, locks).close();

        assertThat(device.driver().orElse("")).isEqualTo(driver);
        assertThat(device.driverOverride()).isEmpty();
        assertThat(record).doesNotExist();
    }

    @Test
    void aDeviceThatWasUnpluggedNeedsNoHandingBack() throws Exception {
        final DeviceClaim claim = DeviceClaim.take(device, locks);
        final Path moved = directory.resolve("unplugged");
        Files.move(sysfs.root().resolve("sys/bus/pci/devices").resolve(ADDRESS), moved);

        claim.close();

        assertThat(locks.resolve("pci-" + ADDRESS + ".found")).doesNotExist();
    }

    private void switchOnTheBus() throws IOException {
        final byte[] config = Files.readAllBytes(device.config());
        ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putShort(PciConfig.COMMAND, (short)
                (FakeSysfs.FOUND_COMMAND | PciConfig.COMMAND_BUS_MASTER));
        Files.write(device.config(), config);
    }
}
