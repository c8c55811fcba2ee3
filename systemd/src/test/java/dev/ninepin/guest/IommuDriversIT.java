package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tests of the drivers in a guest with an IOMMU, which VFIO uses. */
@InGuest(GuestKind.CLOUD_IOMMU)
class IommuDriversIT extends DriverTests {
    @BeforeAll
    static void serveCommands(final Guest guest) throws Exception {
        ServedCommands.replaceProgram(guest);
    }

    @Test
    void aTreeOverVfioWithAnIommu(final Guest guest) throws Exception {
        assertThat(guest.check("readlink /sys/bus/pci/devices/" + GuestKind.SHARE_ADDRESS + "/iommu_group"))
                .contains("iommu_groups");
        aTreeIsCopiedBothWaysAndTheDeviceHandedBack(guest, "vfio");
    }

    @TestFactory
    Stream<DynamicTest> whatVfioDoes(final Guest guest) throws Exception {
        guest.check("modprobe uio_pci_generic");
        return TestsInGuest.run(
                guest, "dev.ninepin.virtio.driver.VfioFunctionInGuest", "dev.ninepin.virtio.driver.VfioDriverInGuest");
    }

    @Test
    void vfioIsChosenWhereThereIsAnIommu(final Guest guest) throws Exception {
        guest.check("mkdir -p /mnt/driver; ninepin mount share /mnt/driver");
        assertThat(status(guest, "/mnt/driver").getAsJsonObject("channel").toString())
                .contains("vfio");
        guest.check("ninepin umount /mnt/driver");
    }

    /** The kernel unplugs the device only after Ninepin has released it. */
    @Test
    void aMountGoesOnWhenItsDeviceReturns(final Guest guest) throws Exception {
        try (PluggedDevice device = PluggedDevice.mount(guest, "vfio")) {
            for (int i = 0; i < 2; i++) {
                device.unplug();
                device.awaitState("reconnecting");
                device.plugIn(0);
                device.awaitProgress();
            }
            device.checkProgram();
        }
    }

    /** Shows that the driver works under the restrictions of the unit, and that a device is usable after a kill. */
    @Test
    void aServiceOfADeviceComesBackAfterAKill(final Guest guest) throws Exception {
        share(guest.share(), "hello", "from the host\n");
        // Under software emulation on a busy machine, a start takes longer than the unit's 60 s.
        guest.check("mkdir -p /run/systemd/system/ninepin@.service.d");
        guest.write("/run/systemd/system/ninepin@.service.d/patient.conf", "[Service]\nTimeoutStartSec=180s\n");
        guest.write("/etc/ninepin/share.conf", "source=share\ndirectory=/mnt/driver\n");
        guest.check("systemctl daemon-reload; mkdir -p /mnt/driver");
        try {
            guest.check("systemctl start ninepin@share && grep -q host /mnt/driver/hello");
            guest.check("systemctl kill -s KILL --kill-who main ninepin@share");
            // The start joins the one that systemd has begun. Polling for its end would cost seconds.
            guest.check("""
                    set -e
                    until [ "$(systemctl show -P NRestarts ninepin@share)" = 1 ]; do sleep 0.5; done
                    systemctl start ninepin@share
                    [ "$(systemctl show -P NRestarts ninepin@share)" = 1 ]
                    grep host /mnt/driver/hello
                    """);
        } finally {
            guest.run("""
                    systemctl stop ninepin@share
                    systemctl reset-failed
                    rm -r /etc/ninepin/share.conf /run/systemd/system/ninepin@.service.d
                    systemctl daemon-reload
                    """);
        }
    }
}
