package dev.ninepin.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtioDevicesTest {
    private static final int MSIZE = 131_096;
    private static final String LOCKDOWN = "sys/kernel/security/lockdown";
    private static final String NO_IOMMU = "sys/module/vfio/parameters/enable_unsafe_noiommu_mode";

    @TempDir
    private Path directory;

    private FakeSysfs sysfs;
    private VirtioDevices devices;

    @BeforeEach
    void startAKernel() throws Exception {
        sysfs = new FakeSysfs(directory);
        devices = sysfs.devices();
    }

    @Test
    void onlyVirtio9pDevicesAreListed() throws Exception {
        sysfs.plug("0000:00:02.0", "0x1af4", "0x1000", "0x0001");
        sysfs.plug("0000:00:05.0", "0x1af4", "0x1049", "0x1100");
        sysfs.plug("0000:00:03.0", "0x1af4", "0x1009", "0x0002");
        sysfs.plug("0000:00:04.0", "0x1af4", "0x1009", "0x0009");
        sysfs.plug("0000:00:06.0", "0x8086", "0x1049", "0x0009");

        assertThat(devices.list()).extracting(VirtioDevice::address).containsExactly("0000:00:04.0", "0000:00:05.0");
    }

    @Test
    void aSystemWithoutPciHasNoDevices() throws Exception {
        assertThat(new VirtioDevices(directory.resolve("none"), directory, sysfs).list())
                .isEmpty();
    }

    @Test
    void aDeviceThatTheKernelHasMountedTellsItsTagAndWhere() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "share");
        sysfs.clients(1).mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));

        assertThat(devices.list()).singleElement().satisfies(device -> {
            assertThat(device.tag()).contains("share");
            assertThat(device.use()).map(DeviceUse::holder).contains("9pnet_virtio");
            assertThat(device.use()).map(DeviceUse::mounts).contains(List.of("/mnt/kernel"));
            assertThat(device.kernelDriver()).contains("virtio-pci");
        });
    }

    @Test
    void aDeviceOfTheKernels9pThatNothingMountsIsFree() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "share");
        sysfs.clients(0);

        assertThat(devices.list()).singleElement().satisfies(device -> {
            assertThat(device.virtioDriver()).contains("9pnet_virtio");
            assertThat(device.use()).isEmpty();
        });
    }

    @Test
    void aTagThatIsNotAsciiIsTheSameForTheKernelsDriver() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "büro");

        assertThat(devices.find("büro").address()).isEqualTo("0000:00:04.0");
    }

    @Test
    void aDeviceOfVirtioPciThatNothingUsesIsFree() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "", "");

        assertThat(devices.list()).singleElement().satisfies(device -> assertThat(device.use())
                .isEmpty());
    }

    @Test
    void aDeviceThatIsBrokenIsListedWithTheReason() throws Exception {
        // The device's configuration space has no capabilities.
        sysfs.plug("0000:00:04.0");

        assertThat(devices.list()).singleElement().satisfies(device -> {
            assertThat(device.tag()).isEmpty();
            assertThat(device.tagProblem()).get().asString().contains("not a modern virtio device");
        });
    }

    @Test
    void aTagThatIsNotThereIsAnsweredWithThoseThatAre() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "share");
        sysfs.makeVirtio(sysfs.plug("0000:00:05.0"), "9pnet_virtio", "home");

        assertThatThrownBy(() -> open("sahre"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("virtio:sahre: no virtio-9p device has this mount tag")
                .hasMessageContaining("share at 0000:00:04.0, home at 0000:00:05.0");
    }

    @Test
    void aTagThatTwoDevicesHaveIsAnsweredWithTheirAddresses() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "share");
        sysfs.makeVirtio(sysfs.plug("0000:00:05.0"), "9pnet_virtio", "share");

        assertThatThrownBy(() -> open("share"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("virtio:0000:00:04.0 or virtio:0000:00:05.0");
    }

    @Test
    void anAddressMayLeaveOutItsDomain() throws Exception {
        sysfs.plug("0000:00:04.0");

        assertThat(devices.find("00:04.0").address()).isEqualTo("0000:00:04.0");
        assertThat(devices.find("0000:00:04.0").address()).isEqualTo("0000:00:04.0");
    }

    @Test
    void anAddressWithoutSuchADeviceIsAnsweredWithThoseThatAre() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "share");
        sysfs.plug("0000:00:02.0", "0x1af4", "0x1000", "0x0001");

        assertThatThrownBy(() -> open("0000:00:09.0"))
                .hasMessageContaining("no PCI device has this address; available: share at 0000:00:04.0");
        assertThatThrownBy(() -> open("0000:00:02.0"))
                .hasMessageContaining("is not a virtio-9p device; available: share");
    }

    @Test
    void aSystemThatIsNoGuestIsToldHowToBecomeOne() {
        assertThatThrownBy(() -> open("share"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("this system has no virtio-9p device: add the share to the virtual machine");
    }

    @Test
    void whatTheKernelHasMountedIsNotTaken() throws Exception {
        sysfs.makeVirtio(sysfs.plug("0000:00:04.0"), "9pnet_virtio", "share");
        sysfs.clients(1).mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));

        assertThatThrownBy(() -> open("share"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("mounted by the kernel's 9p on /mnt/kernel");
        assertThat(sysfs.written()).isEmpty();
    }

    @Test
    void withoutModulesThereIsSysfs() throws Exception {
        sysfs.plug("0000:00:04.0");

        assertThat(obstacles())
                .containsEntry(DriverKind.VFIO, Optional.of("the kernel has no module vfio_pci"))
                .containsEntry(DriverKind.UIO, Optional.of("the kernel has no module uio_pci_generic"))
                .containsEntry(DriverKind.SYSFS, Optional.empty());
    }

    @Test
    void modulesThatCanBeLoadedCount() throws Exception {
        sysfs.plug("0000:00:04.0");
        sysfs.file("lib/modules/6.1.0-test/modules.dep", """
                kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko.xz
                kernel/drivers/uio/uio_pci_generic.ko: kernel/drivers/uio/uio.ko
                """);

        assertThat(obstacles())
                .containsEntry(DriverKind.VFIO, Optional.of("no IOMMU, and VFIO's no-IOMMU mode is off"))
                .containsEntry(DriverKind.UIO, Optional.empty());
    }

    @Test
    void vfioWantsAnIommuOrLeaveToDoWithout() throws Exception {
        sysfs.file("lib/modules/6.1.0-test/modules.builtin", "kernel/drivers/vfio/pci/vfio-pci.ko\n");
        sysfs.plug("0000:00:04.0");
        sysfs.file(NO_IOMMU, "N\n");
        assertThat(obstacles().get(DriverKind.VFIO)).isPresent();

        sysfs.file(NO_IOMMU, "Y\n");
        assertThat(obstacles().get(DriverKind.VFIO)).isEmpty();
    }

    @Test
    void aKernelThatIsLockedDownLeavesVfio() throws Exception {
        sysfs.file("lib/modules/6.1.0-test/modules.builtin", "kernel/drivers/uio/uio_pci_generic.ko\n");
        sysfs.file(LOCKDOWN, "none [integrity] confidentiality\n");
        sysfs.plug("0000:00:04.0");

        assertThat(obstacles())
                .containsEntry(DriverKind.UIO, Optional.of("the kernel is locked down"))
                .containsEntry(DriverKind.SYSFS, Optional.of("the kernel is locked down"));
        assertThat(devices.list())
                .singleElement()
                .satisfies(device ->
                        assertThat(device.tagProblem()).get().asString().contains("locked down"));
        assertThatThrownBy(() -> open("0000:00:04.0"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no driver on this host can use the device at 0000:00:04.0")
                .hasMessageContaining("vfio: the kernel has no module vfio_pci")
                .hasMessageContaining("boot without Secure Boot");
        assertThatThrownBy(() -> devices.open("0000:00:04.0", Optional.of(DriverKind.SYSFS), MSIZE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("permits only driver=vfio with an IOMMU");
        sysfs.file(LOCKDOWN, "[none] integrity confidentiality\n");
        assertThat(obstacles().get(DriverKind.UIO)).isEmpty();
    }

    private void open(final String name) throws IOException {
        devices.open(name, Optional.empty(), MSIZE).close();
    }

    private Map<DriverKind, Optional<String>> obstacles() throws IOException {
        return devices.list().get(0).obstacles();
    }
}
