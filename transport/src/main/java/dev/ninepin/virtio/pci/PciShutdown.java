package dev.ninepin.virtio.pci;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shutdown of a device, which ends its memory accesses. */
public final class PciShutdown {
    private static final Logger LOG = LoggerFactory.getLogger(PciShutdown.class);

    private PciShutdown() {}

    /**
     * Disables the device's bus mastering and its interrupt line. From then on the device neither reads nor writes
     * memory.
     */
    public static void stop(final PciConfigSpace config) {
        try {
            final int command = config.readConfig16(PciConfig.COMMAND);
            config.writeConfig16(
                    PciConfig.COMMAND, (command & ~PciConfig.COMMAND_BUS_MASTER) | PciConfig.COMMAND_NO_INTX);
        } catch (final IOException e) {
            LOG.debug("{} is gone, or was not stopped", config.address(), e);
        }
    }
}
