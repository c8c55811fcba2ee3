package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tests of the drivers in a guest with an IOMMU, which VFIO uses. */
@InGuest(GuestKind.CLOUD_IOMMU)
class IommuDriversIT extends DriverTests {
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
                guest,
                "-Dninepin.guest.device=" + GuestKind.SECOND_ADDRESS,
                "dev.ninepin.virtio.driver.VfioFunctionInGuest",
                "dev.ninepin.virtio.driver.VfioDriverInGuest");
    }

    @Test
    void vfioIsChosenWhereThereIsAnIommu(final Guest guest) throws Exception {
        guest.check("mkdir -p /mnt/driver; ninepin mount share /mnt/driver");
        assertThat(status(guest, "/mnt/driver").getAsJsonObject("channel").toString())
                .contains("vfio");
        guest.check("ninepin umount /mnt/driver");
    }
}
