package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.ControlMessages;
import dev.ninepin.daemon.DeviceList;
import dev.ninepin.daemon.DeviceList.Device;
import dev.ninepin.daemon.DeviceList.Driver;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesTextTest {
    private static final Driver UIO = new Driver("uio", true, null);
    private static final Driver NO_VFIO = new Driver("vfio", false, "no IOMMU");
    private static final DeviceList LIST = new DeviceList(List.of(
            new Device("0000:00:04.0", "virtio:share", "share", null, "virtio-pci", null, List.of(NO_VFIO, UIO)),
            new Device(
                    "0000:00:1f.7", "virtio:0000:00:1f.7", null, "reading it needs root", null, "ninepin", List.of())));

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
                .isEqualTo("{\"devices\":[{\"address\":\"0000:00:04.0\",\"source\":\"virtio:share\",\"tag\":\"share\","
                        + "\"kernel_driver\":\"virtio-pci\",\"drivers\":[{\"name\":\"vfio\",\"usable\":false,"
                        + "\"reason\":\"no IOMMU\"},{\"name\":\"uio\",\"usable\":true}]},"
                        + "{\"address\":\"0000:00:1f.7\",\"source\":\"virtio:0000:00:1f.7\","
                        + "\"tag_problem\":\"reading it needs root\",\"held_by\":\"ninepin\",\"drivers\":[]}]}");
    }
}
