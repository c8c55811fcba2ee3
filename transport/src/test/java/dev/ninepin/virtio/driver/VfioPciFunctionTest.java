package dev.ninepin.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.EventFd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VfioPciFunctionTest {
    private static final Path NULL = Path.of("/dev/null");

    @TempDir
    private Path directory;

    private DeviceClaim claim;

    @BeforeEach
    void claimADevice() throws Exception {
        final FakeSysfs sysfs = new FakeSysfs(directory);
        claim = DeviceClaim.take(sysfs.plug("0000:00:04.0"), directory.resolve("run"), sysfs.uses());
    }

    /** A device that supports MSI-X, but has no configuration space. */
    private static final class BrokenDevice extends VfioDevice {
        private final List<EventFd> routed = new ArrayList<>();

        BrokenDevice() throws IOException {
            super(Descriptor.open(NULL), Descriptor.open(NULL), Descriptor.open(NULL));
        }

        @Override
        int msixVectors() {
            return 1;
        }

        @Override
        void routeVector(final int vector, final EventFd event) {
            routed.add(event);
        }

        @Override
        void routeRemoval(final EventFd event) {
            routed.add(event);
        }
    }

    @Test
    void aDeviceThatCannotBeOpenedLeavesNoEvent() throws Exception {
        final BrokenDevice device = new BrokenDevice();

        assertThatThrownBy(() -> VfioPciFunction.over(device, claim, directory, false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("VFIO_DEVICE_GET_REGION_INFO");

        // An event that is closed does not wait.
        assertThat(device.routed).allSatisfy(event -> assertThatThrownBy(() -> event.await(1, List.of()))
                .hasMessageContaining("is closed"));
        claim.close();
    }
}
