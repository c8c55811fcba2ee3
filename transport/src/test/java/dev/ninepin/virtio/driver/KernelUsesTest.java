package dev.ninepin.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelUsesTest {
    @TempDir
    private Path directory;

    private FakeSysfs sysfs;
    private SysfsDevice share;
    private SysfsDevice home;

    @BeforeEach
    void bindTwoDevicesToTheKernels9p() throws Exception {
        sysfs = new FakeSysfs(directory);
        share = sysfs.plug("0000:00:04.0");
        home = sysfs.plug("0000:00:05.0");
        sysfs.makeVirtio(share, "9pnet_virtio", "share");
        sysfs.makeVirtio(home, "9pnet_virtio", "home");
        sysfs.clients(0);
    }

    @Test
    void whatIsBoundAndNotMountedIsFree() throws Exception {
        assertThat(find(share)).isEmpty();
    }

    @Test
    void onlyTheDeviceWithTheMountedTagIsInUse() throws Exception {
        sysfs.clients(1).mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));

        assertThat(mounts(share)).containsExactly("/mnt/kernel");
        assertThat(find(home)).isEmpty();
    }

    @Test
    void eachMountPointOfThisNameSpaceIsNamed() throws Exception {
        sysfs.clients(1)
                .mounts(
                        "self",
                        FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"),
                        FakeSysfs.mount(31, "0:26", "/mnt/bound\\040there", "share"))
                .mounts("7", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"))
                .mounts("8", FakeSysfs.mount(50, "0:26", "/mnt/copy", "share"));

        assertThat(mounts(share)).containsExactly("/mnt/kernel", "/mnt/bound there");
    }

    @Test
    void aMountOfAnotherNameSpaceIsNamedWithAProcessThatIsThere() throws Exception {
        sysfs.clients(1)
                .mounts("12", FakeSysfs.mount(50, "0:26", "/mnt/container", "share"))
                .mounts("9", FakeSysfs.mount(50, "0:26", "/mnt/container", "share"));

        assertThat(mounts(share)).containsExactly("/mnt/container (in the mount name space of process 9)");
    }

    @Test
    void aMountThatNoTableShowsMayUseAnyDevice() throws Exception {
        sysfs.clients(2).mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));

        assertThat(mounts(share)).containsExactly("/mnt/kernel");
        assertThat(find(home)).hasValueSatisfying(use -> {
            assertThat(use.text()).contains("that no mount table shows");
            assertThat(use.mounts()).isEmpty();
        });
    }

    @Test
    void aMountOverAnotherTransportUsesNoDevice() throws Exception {
        final String overTcp = FakeSysfs.mount(30, "0:26", "/mnt/tcp", "share").replace("virtio", "tcp");
        sysfs.mounts("self", overTcp);
        assertThat(find(share)).isEmpty();

        sysfs.clients(1);
        assertThat(find(share)).isPresent();
    }

    @Test
    void aMountOfAnOldKernelIsOverVirtioUnlessItSaysOtherwise() throws Exception {
        final String silent =
                FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share").replace(",trans=virtio", "");
        sysfs.clients(1).mounts("self", silent);

        assertThat(mounts(share)).containsExactly("/mnt/kernel");
    }

    @Test
    void whereTheDriverIsNoModuleItsBackingDevicesAreCounted() throws Exception {
        Files.delete(directory.resolve("sys/module/9pnet_virtio/refcnt"));
        sysfs.mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));
        Files.createDirectories(directory.resolve("sys/class/bdi/254:0"));
        Files.createDirectories(directory.resolve("sys/class/bdi/9p-1"));
        assertThat(mounts(share)).containsExactly("/mnt/kernel");
        assertThat(find(home)).isEmpty();

        Files.createDirectories(directory.resolve("sys/class/bdi/9p-2"));
        assertThat(find(home)).isPresent();
    }

    @Test
    void ofTwoDevicesWithOneTagNeitherIsTakenWhileOneIsMounted() throws Exception {
        final SysfsDevice twin = sysfs.plug("0000:00:06.0");
        sysfs.makeVirtio(twin, "9pnet_virtio", "share");
        sysfs.clients(1).mounts("self", FakeSysfs.mount(30, "0:26", "/mnt/kernel", "share"));

        for (final SysfsDevice each : List.of(share, twin)) {
            assertThat(find(each)).map(DeviceUse::text).hasValueSatisfying(text -> assertThat(text)
                    .isEqualTo("one of 2 with the mount tag share, mounted by the kernel's 9p on /mnt/kernel"));
        }
    }

    @Test
    void aProcessThatEndsMeanwhileHidesNoOther() throws Exception {
        Files.createDirectories(directory.resolve("proc/5"));
        sysfs.clients(1).mounts("12", FakeSysfs.mount(50, "0:26", "/mnt/container", "share"));

        assertThat(mounts(share)).hasSize(1);
    }

    private Optional<DeviceUse> find(final SysfsDevice device) throws IOException {
        return sysfs.uses().find(device);
    }

    private List<String> mounts(final SysfsDevice device) throws IOException {
        return find(device).orElseThrow().mounts();
    }
}
