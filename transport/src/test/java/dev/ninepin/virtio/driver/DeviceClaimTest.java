package dev.ninepin.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.virtio.pci.PciConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceClaimTest {
    private static final String ADDRESS = "0000:00:04.0";
    private static final int CLAIMS = 1000;

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
        try (DeviceClaim claim = take()) {
            claim.bind(kind);
            assertThat(device.driver())
                    .isEqualTo(kind == DriverKind.SYSFS ? Optional.empty() : Optional.of(kind.kernelDriver()));
            // So that no other driver takes the device meanwhile.
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
        try (DeviceClaim claim = take()) {
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
        try (DeviceClaim claim = take()) {
            claim.bind(DriverKind.UIO);
        }

        assertThat(device.driver()).contains("vfio-pci");
        assertThat(device.driverOverride()).contains("vfio-pci");
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceOfTheKernels9pThatNothingMountsGoesBackThere(final DriverKind kind) throws Exception {
        sysfs.makeVirtio(device, "9pnet_virtio", "share");
        sysfs.clients(0);
        try (DeviceClaim claim = take()) {
            claim.bind(kind);
            assertThat(device.virtioDriver()).isEmpty();
        }

        assertThat(device.driver()).contains("virtio-pci");
        assertThat(device.virtioDriver()).contains("9pnet_virtio");
        assertThat(device.driverOverride()).isEmpty();
    }

    @Test
    void whatTheKernelHasMountedIsRefusedAndLeftAlone() throws Exception {
        sysfs.makeVirtio(device, "9pnet_virtio", "share");
        sysfs.clients(1).mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));

        assertThatThrownBy(this::take)
                .isInstanceOf(DeviceInUseException.class)
                .hasMessage(
                        "the device at " + ADDRESS + " is mounted by the kernel's 9p on /mnt/kernel: unmount it there"
                                + " first, or use that mount");
        assertThat(sysfs.written()).isEmpty();
        assertThat(locks.resolve("pci-" + ADDRESS + ".found")).doesNotExist();
    }

    @Test
    void whatTheKernelMountsAfterTheClaimIsNotTakenFromIt() throws Exception {
        sysfs.makeVirtio(device, "9pnet_virtio", "share");
        sysfs.clients(0);
        try (DeviceClaim claim = take()) {
            sysfs.clients(1);
            assertThatThrownBy(() -> claim.bind(DriverKind.SYSFS)).isInstanceOf(DeviceInUseException.class);
        }

        assertThat(device.virtioDriver()).contains("9pnet_virtio");
        assertThat(sysfs.written()).doesNotContain("unbind=" + ADDRESS);
    }

    @Test
    void whatAnotherDriverHasIsRefused() throws Exception {
        sysfs.bind(device, "igb_uio");

        assertThatThrownBy(this::take)
                .isInstanceOf(DeviceInUseException.class)
                .hasMessageContaining("igb_uio")
                .hasMessageContaining("/driver/unbind");
    }

    @Test
    void nobodyElseGetsADeviceThatIsClaimed() throws Exception {
        try (DeviceClaim claim = take()) {
            claim.bind(DriverKind.SYSFS);
            assertThatThrownBy(this::take)
                    .isInstanceOf(DeviceInUseException.class)
                    .hasMessageContaining("in use by another ninepin");
        }
        take().close();
    }

    @Test
    void aDriverThatDoesNotTakeTheDeviceIsToldAndTheDeviceGoesBack() throws Exception {
        sysfs.refusingDriver("uio_pci_generic").makeVirtio(device, "", "");
        try (DeviceClaim claim = take()) {
            assertThatThrownBy(() -> claim.bind(DriverKind.UIO))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("did not bind " + ADDRESS + " to uio_pci_generic");
        }

        assertThat(device.driver()).contains("virtio-pci");
        assertThat(device.driverOverride()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "virtio-pci", "9pnet_virtio"})
    void afterAKillTheNextClaimHandsBackWhatTheFirstFound(final String driver) throws Exception {
        if (!driver.isEmpty()) {
            sysfs.makeVirtio(device, driver.equals("virtio-pci") ? "" : driver, "share");
        }
        final Path record = locks.resolve("pci-" + ADDRESS + ".found");
        final DeviceClaim killed = take();
        final String left = Files.readString(record);
        killed.close();
        device.unbind();
        device.overrideDriver(Optional.of("vfio-pci"));
        device.probe();
        Files.writeString(record, left);

        take().close();

        assertThat(device.driver().orElse("")).isEqualTo(driver.isEmpty() ? "" : "virtio-pci");
        assertThat(device.virtioDriver().orElse("")).isEqualTo(driver.equals("9pnet_virtio") ? driver : "");
        assertThat(device.driverOverride()).isEmpty();
        assertThat(record).doesNotExist();
    }

    @Test
    void aDeviceThatWasUnpluggedNeedsNoHandingBack() throws Exception {
        final DeviceClaim claim = take();
        final Path moved = directory.resolve("unplugged");
        Files.move(sysfs.root().resolve("sys/bus/pci/devices").resolve(ADDRESS), moved);

        claim.close();

        assertThat(locks.resolve("pci-" + ADDRESS + ".found")).doesNotExist();
    }

    @Test
    void anotherDeviceThatWasPluggedInAtTheAddressIsLeftAlone() throws Exception {
        final DeviceClaim claim = take();
        claim.bind(DriverKind.SYSFS);
        Files.move(sysfs.root().resolve("sys/bus/pci/devices").resolve(ADDRESS), directory.resolve("unplugged"));
        sysfs.bind(sysfs.plug(ADDRESS), "e1000");
        final int written = sysfs.written().size();

        claim.close();

        assertThat(sysfs.written()).hasSize(written);
        assertThat(device.driver()).contains("e1000");
        assertThat(locks.resolve("pci-" + ADDRESS + ".found")).doesNotExist();
    }

    /** The kernel shows a new device before it binds it. */
    @ParameterizedTest
    @EnumSource
    void aDeviceThatTheKernelBindsDuringTheClaimIsTakenAndGoesBackThere(final DriverKind kind) throws Exception {
        try (DeviceClaim claim = take()) {
            sysfs.makeVirtio(device, "", "");
            claim.bind(kind);
            assertThat(device.driver()).isNotEqualTo(Optional.of("virtio-pci"));
        }

        assertThat(device.driver()).contains("virtio-pci");
        assertThat(device.driverOverride()).isEmpty();
    }

    @Test
    void askingWhetherADeviceIsHeldNeverPreventsAClaim() throws Exception {
        // Creates the lock file.
        take().close();
        final AtomicBoolean claimed = new AtomicBoolean();
        try (BackgroundCall<Integer> asking = BackgroundCall.start("asking", () -> {
            int held = 0;
            while (!claimed.get()) {
                held += DeviceClaim.isHeld(ADDRESS, locks) ? 1 : 0;
            }
            return held;
        })) {
            try {
                for (int i = 0; i < CLAIMS; i++) {
                    take().close();
                }
            } finally {
                claimed.set(true);
            }
            assertThat(asking.result()).isPositive();
        }
    }

    private DeviceClaim take() throws IOException {
        return DeviceClaim.take(device, locks, sysfs.uses());
    }

    private void switchOnTheBus() throws IOException {
        final byte[] config = Files.readAllBytes(device.config());
        ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putShort(PciConfig.COMMAND, (short)
                (FakeSysfs.FOUND_COMMAND | PciConfig.COMMAND_BUS_MASTER));
        Files.write(device.config(), config);
    }
}
