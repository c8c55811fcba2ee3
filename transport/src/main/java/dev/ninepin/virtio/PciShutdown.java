package dev.ninepin.virtio;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a device's work for us. */
final class PciShutdown {
    private static final Logger LOG = LoggerFactory.getLogger(PciShutdown.class);

    private PciShutdown() {}

    /** Takes the bus and the interrupt line from a device: it reads and writes no memory from here on. */
    static void stop(final PciConfigSpace config) {
        try {
            final int command = config.readConfig16(PciConfig.COMMAND);
            config.writeConfig16(
                    PciConfig.COMMAND, (command & ~PciConfig.COMMAND_BUS_MASTER) | PciConfig.COMMAND_NO_INTX);
        } catch (final IOException e) {
            LOG.debug("{} is gone, or was not stopped", config.address(), e);
        }
    }
}
