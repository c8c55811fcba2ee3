package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.virtio.pci.CommonRegisters;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tests of the drivers in a guest whose kernel has no 9p, on a machine without an IOMMU. */
@InGuest(GuestKind.CLOUD)
class CloudDriversIT extends DriverTests {
    private static final int IDLE_SECONDS = 15;

    @BeforeAll
    static void serveCommands(final Guest guest) throws Exception {
        ServedCommands.replaceProgram(guest);
    }

    @AfterAll
    static void stopServing(final Guest guest) throws Exception {
        ServedCommands.stop(guest);
    }

    @AfterEach
    void unloadModules(final Guest guest) throws Exception {
        guest.run("modprobe -r vfio_pci vfio_iommu_type1 vfio uio_pci_generic");
    }

    @Test
    void theKernelHasNo9p(final Guest guest) throws Exception {
        assertThat(guest.run("modprobe 9p || mount -t 9p share /mnt").errors())
                .contains("Module 9p not found", "unknown filesystem type '9p'");
    }

    @Test
    void devicesAreListed(final Guest guest) throws Exception {
        assertThat(guest.check("ninepin devices"))
                .contains(GuestKind.SHARE_ADDRESS, "share", GuestKind.SECOND_ADDRESS, "second");
        assertThat(guest.check("ninepin devices --json")).contains("\"share\"", "\"second\"");
    }

    @Test
    void theDoctorFindsAllWell(final Guest guest) throws Exception {
        final Guest.Result doctor = guest.run("ninepin doctor share");
        assertThat(doctor.status()).as(doctor.output() + doctor.errors()).isZero();
    }

    @Test
    void theDoctorNamesTheTagsThatThereAre(final Guest guest) throws Exception {
        final Guest.Result doctor = guest.run("ninepin doctor nosuchtag");
        assertThat(doctor.status()).isNotZero();
        assertThat(doctor.output() + doctor.errors()).contains("nosuchtag", "share", "second");
    }

    @Test
    void aTagThatIsNotThereIsAnErrorThatNamesThoseThatAre(final Guest guest) throws Exception {
        final Guest.Result mount = guest.run("mkdir -p /mnt/driver; ninepin mount nosuchtag /mnt/driver");
        assertThat(mount.status()).isEqualTo(32);
        assertThat(mount.errors()).contains("nosuchtag", "share", "second").hasLineCount(1);
    }

    @Test
    void mountAndUmountKnowTheTypeOfADevice(final Guest guest) throws Exception {
        share(guest.share(), "hello", "from the host\n");
        guest.check("mkdir -p /mnt/driver; mount -t ninepin share /mnt/driver -o ro,nofail,_netdev");
        assertThat(guest.check("cat /mnt/driver/hello")).isEqualTo("from the host\n");
        guest.check("umount /mnt/driver");
        // The daemon ends with its mount, and then releases the device. mount.fuse(8) looks in a PATH of its own.
        ServedCommands.restoreProgram(guest);
        try {
            guest.check(
                    "mount -t fuse.ninepin virtio:" + GuestKind.SHARE_ADDRESS + " /mnt/driver && umount /mnt/driver");
        } finally {
            ServedCommands.replaceProgram(guest);
        }
    }

    @Test
    void aTreeOverSysfs(final Guest guest) throws Exception {
        aTreeIsCopiedBothWaysAndTheDeviceHandedBack(guest, "sysfs");
    }

    @Test
    void aTreeOverUio(final Guest guest) throws Exception {
        aTreeIsCopiedBothWaysAndTheDeviceHandedBack(guest, "uio");
    }

    /** Debian builds its kernels without CONFIG_VFIO_NOIOMMU. */
    @Test
    void vfioIsRefusedForThereIsNeitherAnIommuNorTheModeWithoutOne(final Guest guest) throws Exception {
        guest.check("modprobe vfio_pci && ! [ -e /sys/module/vfio/parameters/enable_unsafe_noiommu_mode ]");
        final Guest.Result mount = guest.run("mkdir -p /mnt/driver; ninepin mount -o driver=vfio share /mnt/driver");
        assertThat(mount.status()).isEqualTo(32);
        assertThat(mount.errors())
                .contains("driver=vfio: this system has no IOMMU", "driver=uio or driver=sysfs")
                .hasLineCount(1);
    }

    @TestFactory
    Stream<DynamicTest> whatEachDriverDoes(final Guest guest) throws Exception {
        guest.check("modprobe uio_pci_generic");
        return TestsInGuest.run(
                guest,
                "dev.ninepin.virtio.driver.SysfsFunctionInGuest",
                "dev.ninepin.virtio.driver.SysfsDriverInGuest",
                "dev.ninepin.virtio.driver.UioFunctionInGuest",
                "dev.ninepin.virtio.driver.UioDriverInGuest");
    }

    @Test
    void aMountGoesOnWhenItsDeviceReturnsAtAnotherAddress(final Guest guest) throws Exception {
        try (PluggedDevice device = PluggedDevice.mount(guest, "sysfs")) {
            final String before = device.address();
            device.unplug();
            device.awaitState("reconnecting");
            assertThat(guest.check("ninepin devices"))
                    .contains(GuestKind.SHARE_ADDRESS)
                    .doesNotContain(before);
            device.plugIn(1);
            device.awaitProgress();
            assertThat(device.address()).isNotEqualTo(before);
            device.checkProgram();
        }
    }

    @Test
    void aMountGoesOnWhenItsDeviceReturnsAtTheSameAddress(final Guest guest) throws Exception {
        guest.check("modprobe uio_pci_generic");
        try (PluggedDevice device = PluggedDevice.mount(guest, "uio")) {
            final String before = device.address();
            device.unplug();
            device.plugIn(0);
            device.awaitProgress();
            assertThat(device.address()).isEqualTo(before);
            device.checkProgram();
        }
    }

    @Test
    void aMountGoesOnWhenItsDeviceGoesInTheMiddleOfRequests(final Guest guest) throws Exception {
        try (PluggedDevice device = PluggedDevice.mount(guest, "sysfs")) {
            guest.check("""
                    head -c 10000000 /dev/urandom >/root/plugged-data
                    systemd-run -q --unit plugged-load sh -ec 'while ! [ -e /root/plugged-enough ]; do
                        cp /root/plugged-data /mnt/plugged/data
                        cmp /root/plugged-data /mnt/plugged/data
                    done
                    echo all equal'
                    """);
            for (int i = 0; i < 3; i++) {
                device.unplug();
                device.plugIn(0);
                device.awaitProgress();
            }
            guest.check("""
                    touch /root/plugged-enough
                    while systemctl -q is-active plugged-load; do sleep 0.2; done
                    rm /mnt/plugged/data
                    """);
            assertThat(guest.check("journalctl -b -u plugged-load -o cat")).contains("all equal");
            device.checkProgram();
        }
    }

    /** A device also looks like one that was reset if it is restored without its state, such as after a suspend. */
    @Test
    void aMountGoesOnAfterItsDeviceWasResetOrBrokenOrTheMachineStopped(final Guest guest) throws Exception {
        try (PluggedDevice device = PluggedDevice.mount(guest, "sysfs")) {
            for (int i = 0; i < 3; i++) {
                device.writeRegister(CommonRegisters.DEVICE_STATUS, Byte.BYTES, 0);
                device.awaitProgress();
            }
            // QEMU accepts only the value 1. After any other value, it sets NEEDS_RESET.
            device.writeRegister(CommonRegisters.QUEUE_ENABLE, Short.BYTES, 2);
            device.awaitProgress();
            assertThat(device.snapshotObstacles()).contains("mounted in the guest using mount_tag 'plugged'");
            device.stopAndContinue();
            device.awaitProgress();
            device.checkProgram();
        }
    }

    @Test
    void oneDeviceIsNeverGivenTwice(final Guest guest) throws Exception {
        guest.check("mkdir -p /mnt/driver /mnt/other; ninepin mount share /mnt/driver");
        final Guest.Result second = guest.run("ninepin mount virtio:" + GuestKind.SHARE_ADDRESS + " /mnt/other");
        assertThat(second.status()).isEqualTo(32);
        assertThat(second.errors()).contains(GuestKind.SHARE_ADDRESS).hasLineCount(1);
        assertThat(status(guest, "/mnt/driver").getAsJsonObject("channel").toString())
                .as("the best without an IOMMU")
                .contains("\"uio\"");
        guest.check("rmdir /mnt/other");
    }

    @Test
    void anIdleMountCostsNextToNothing(final Guest guest) throws Exception {
        guest.check("mkdir -p /mnt/driver; ninepin mount -o driver=sysfs share /mnt/driver && ls /mnt/driver");
        final double busy = idleSeconds(guest, "/mnt/driver", IDLE_SECONDS);
        Figures.note(guest.kind(), "processor time of an idle mount in " + IDLE_SECONDS + " s, sysfs", busy + " s");
        // The limit is 2 % of an emulated processor on a busy machine. Polling would use all of one.
        assertThat(busy).isLessThan(IDLE_SECONDS * 0.02);
    }
}
