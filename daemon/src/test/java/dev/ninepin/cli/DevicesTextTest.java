package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.control.ControlMessages;
import dev.ninepin.daemon.doctor.DeviceList;
import dev.ninepin.daemon.doctor.DeviceList.Device;
import dev.ninepin.daemon.doctor.DeviceList.Driver;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DevicesTextTest {
    private static final Driver UIO = new Driver("uio", true, null);
    private static final Driver NO_VFIO = new Driver("vfio", false, "no IOMMU");
    private static final DeviceList LIST = new DeviceList(List.of(
            device("0000:00:04.0", "share", null, null, List.of(NO_VFIO, UIO)),
            new Device(
                    "0000:00:1f.7",
                    "virtio:0000:00:1f.7",
                    null,
                    "reading it needs root",
                    null,
                    null,
                    "ninepin",
                    "in use by another ninepin",
                    null,
                    List.of())));

    private static Device device(
            final String address,
            final String tag,
            final @Nullable String virtioDriver,
            final @Nullable String mountedOn,
            final List<Driver> drivers) {
        return new Device(
                address,
                "virtio:" + tag,
                tag,
                null,
                "virtio-pci",
                virtioDriver,
                mountedOn == null ? null : virtioDriver,
                mountedOn == null ? null : "mounted by the kernel's 9p on " + mountedOn,
                mountedOn == null ? null : List.of(mountedOn),
                drivers);
    }

    @Test
    void aDeviceOfTheKernels9pIsFreeUnlessItIsMounted() {
        final DeviceList list = new DeviceList(List.of(
                device("0000:00:04.0", "share", "9pnet_virtio", null, List.of(UIO)),
                device("0000:00:05.0", "home", "9pnet_virtio", "/mnt/kernel", List.of(UIO))));
        assertThat(DevicesText.render(list)).isEqualTo("""
                        ADDRESS       TAG    HELD BY       DRIVERS
                        0000:00:04.0  share  -             uio
                        0000:00:05.0  home   9pnet_virtio  uio
                        0000:00:04.0: bound to the kernel driver 9pnet_virtio but not mounted: ninepin mount can use it
                        0000:00:05.0: mounted by the kernel's 9p on /mnt/kernel
                        """);
        assertThat(ControlMessages.gson().toJson(list))
                .contains("\"virtio_driver\":\"9pnet_virtio\",\"drivers\"")
                .contains("\"held_by\":\"9pnet_virtio\",\"use\":\"mounted by the kernel's 9p on /mnt/kernel\","
                        + "\"mounted_on\":[\"/mnt/kernel\"]");
    }

    @Test
    void aTableAndWhatThereIsToSay() {
        assertThat(DevicesText.render(LIST)).isEqualTo("""
                        ADDRESS       TAG    HELD BY  DRIVERS
                        0000:00:04.0  share  -        uio
                        0000:00:1f.7  ?      ninepin  -
                        0000:00:04.0: vfio: no IOMMU
                        0000:00:1f.7: tag: reading it needs root
                        """);
    }

    @Test
    void theNamesInJsonAreThoseOfTheDocumentation() {
        assertThat(ControlMessages.gson().toJson(LIST))
                .isEqualTo(
                        "{\"devices\":[{\"address\":\"0000:00:04.0\",\"source\":\"virtio:share\",\"tag\":\"share\","
                                + "\"kernel_driver\":\"virtio-pci\",\"drivers\":[{\"name\":\"vfio\",\"usable\":false,"
                                + "\"reason\":\"no IOMMU\"},{\"name\":\"uio\",\"usable\":true}]},"
                                + "{\"address\":\"0000:00:1f.7\",\"source\":\"virtio:0000:00:1f.7\","
                                + "\"tag_problem\":\"reading it needs root\",\"held_by\":\"ninepin\",\"use\":\"in use by another ninepin\",\"drivers\":[]}]}");
    }
}
