package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests of a device that Ninepin and the kernel's own 9p use one after the other. */
@InGuest(GuestKind.STANDARD)
class KernelDriverIT {
    private static final String DEVICES = "/sys/bus/pci/devices/";
    private static final String DEVICE = DEVICES + GuestKind.SHARE_ADDRESS;
    private static final String KERNEL_MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L share /mnt/kernel\n";

    /** Prints the drivers of the PCI function and of the virtio device on it. */
    private static final String DRIVERS =
            "basename \"$(readlink " + DEVICE + "/driver)\"; basename \"$(readlink " + DEVICE + "/virtio*/driver)\"\n";

    private static final String HELD_BY_KERNEL = "virtio-pci\n9pnet_virtio\n";

    @BeforeAll
    static void serveCommands(final Guest guest) throws Exception {
        ServedCommands.replaceProgram(guest);
    }

    @BeforeEach
    void giveTheDevicesToTheKernel(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello", "from the host\n");
        guest.check("mkdir /mnt/kernel /mnt/ninepin; modprobe 9pnet_virtio");
        assertThat(guest.check(DRIVERS)).isEqualTo(HELD_BY_KERNEL);
    }

    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                umount /mnt/kernel /mnt/ninepin 2>/dev/null
                modprobe -r 9p 9pnet_virtio
                rmdir /mnt/kernel /mnt/ninepin
                ! grep -E ' 9p |fuse.ninepin' /proc/self/mountinfo
                """);
    }

    @Test
    void aShareIsMountedByNinepinTwiceAndThenByTheKernel(final Guest guest) throws Exception {
        for (int i = 0; i < 2; i++) {
            assertThat(guest.check("ninepin devices"))
                    .contains("bound to the kernel driver 9pnet_virtio but not mounted");
            guest.check("ninepin mount share /mnt/ninepin && grep -q host /mnt/ninepin/hello");
            assertThat(guest.check("ninepin devices --json")).contains("\"held_by\":\"ninepin\"");
            guest.check("ninepin umount /mnt/ninepin");
            assertThat(guest.check(DRIVERS)).isEqualTo(HELD_BY_KERNEL);
        }
        guest.check(KERNEL_MOUNT + "grep -q host /mnt/kernel/hello");
    }

    @Test
    void aShareIsMountedAgainAfterUdevHasLoadedTheKernelsDriver(final Guest guest) throws Exception {
        guest.check("modprobe -r 9p 9pnet_virtio");
        guest.check("ninepin mount share /mnt/ninepin && ninepin umount /mnt/ninepin && udevadm settle");
        assertThat(guest.check(DRIVERS)).isEqualTo(HELD_BY_KERNEL);
        guest.check("ninepin mount share /mnt/ninepin && grep -q host /mnt/ninepin/hello");
        guest.check("ninepin umount /mnt/ninepin");
    }

    /** The kernel binds the device each time that it is plugged in. */
    @Test
    void aMountGoesOnWhenItsDeviceReturnsAndThenTheKernelHasTheDevice(final Guest guest) throws Exception {
        try (PluggedDevice device = PluggedDevice.mount(guest, "sysfs")) {
            device.unplug();
            device.plugIn(0);
            device.awaitProgress();
            final String address = device.address();
            device.checkProgram();
            assertThat(guest.check(DRIVERS.replace(DEVICE, DEVICES + address))).isEqualTo(HELD_BY_KERNEL);
        }
    }

    @Test
    void aShareThatTheKernelHasMountedIsRefusedWithItsMountPointAndGoesOnWorking(final Guest guest) throws Exception {
        guest.check(KERNEL_MOUNT);
        final Guest.Result mount = guest.run("ninepin mount share /mnt/ninepin");
        assertThat(mount.status()).isEqualTo(32);
        assertThat(mount.errors())
                .contains("mounted by the kernel's 9p on /mnt/kernel")
                .hasLineCount(1);
        assertThat(guest.check("ninepin devices")).contains("9pnet_virtio", "on /mnt/kernel");
        assertThat(guest.run("ninepin doctor").output()).contains("mounted by the kernel's 9p on /mnt/kernel");
        guest.check("grep -q host /mnt/kernel/hello");

        // The other device is bound to the same driver.
        guest.check("ninepin mount second /mnt/ninepin && ninepin umount /mnt/ninepin");
    }

    @Test
    void aMountOfTheKernelsInAnotherNameSpaceIsFound(final Guest guest) throws Exception {
        guest.check(KERNEL_MOUNT + """
                unshare -m --propagation private sleep 1000 >/dev/null 2>&1 &
                echo $! >/run/copy
                until [ "$(readlink /proc/$!/exe)" = "$(readlink -f "$(command -v sleep)")" ]; do sleep 0.1; done
                umount /mnt/kernel
                """);
        try {
            final Guest.Result mount = guest.run("ninepin mount share /mnt/ninepin");
            assertThat(mount.status()).isEqualTo(32);
            assertThat(mount.errors())
                    .contains("on /mnt/kernel (in the mount name space of process "
                            + guest.check("cat /run/copy").strip() + ")");
        } finally {
            guest.check("kill $(cat /run/copy); rm /run/copy");
        }
        guest.check("until ninepin mount share /mnt/ninepin; do sleep 0.5; done; ninepin umount /mnt/ninepin");
    }

    @Test
    void aMountThatWasDetachedInUseIsNotTakenFromItsProgram(final Guest guest) throws Exception {
        guest.check(KERNEL_MOUNT + """
                exec 9</mnt/kernel/hello
                umount -l /mnt/kernel
                ninepin mount share /mnt/ninepin 2>/run/said
                [ $? = 32 ] || exit 1
                grep 'no mount table shows' /run/said || exit 1
                rm /run/said
                cat <&9
                exec 9<&-
                ninepin mount share /mnt/ninepin
                """);
        guest.check("ninepin umount /mnt/ninepin");
    }

    @Test
    void afterAKillTheDeviceGoesBackToTheKernelAllTheSame(final Guest guest) throws Exception {
        guest.check("/usr/bin/ninepin mount share /mnt/ninepin");
        final long daemon = DriverTests.status(guest, "/mnt/ninepin").get("pid").getAsLong();
        guest.check("kill -9 " + daemon + " && umount -l /mnt/ninepin");
        assertThat(guest.check(DRIVERS)).isNotEqualTo(HELD_BY_KERNEL);

        guest.check("ninepin mount share /mnt/ninepin && ninepin umount /mnt/ninepin");
        assertThat(guest.check(DRIVERS)).isEqualTo(HELD_BY_KERNEL);
        guest.check(KERNEL_MOUNT + "grep -q host /mnt/kernel/hello");
    }

    @Test
    void whatNobodyHasGoesBackToNobody(final Guest guest) throws Exception {
        guest.check("echo " + GuestKind.SHARE_ADDRESS + " >" + DEVICE + "/driver/unbind");
        guest.check("ninepin mount share /mnt/ninepin && ninepin umount /mnt/ninepin");
        guest.check("! [ -e " + DEVICE + "/driver ]");
        guest.check("echo " + GuestKind.SHARE_ADDRESS + " >/sys/bus/pci/drivers_probe");
        assertThat(guest.check(DRIVERS)).isEqualTo(HELD_BY_KERNEL);
    }
}
