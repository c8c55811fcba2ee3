package dev.ninepin.virtio.driver;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.EventFd;
import dev.ninepin.virtio.pci.Interrupt;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciConfigSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The interrupt line (INTx) of a device that is bound to uio_pci_generic. On each interrupt the kernel disables the
 * line in the command register and increments a count. {@link #arm} enables the line again.
 *
 * <p>Source: Linux, drivers/uio/uio_pci_generic.c and Documentation/driver-api/uio-howto.rst.
 */
final class LineInterrupt implements Interrupt {
    /** The width of the interrupt count, in bytes. */
    private static final int COUNT = Integer.BYTES;

    private final Descriptor uio;
    private final EventFd wake;
    private final PciConfigSpace config;

    private LineInterrupt(final Descriptor uio, final EventFd wake, final PciConfigSpace config) {
        this.uio = uio;
        this.wake = wake;
        this.config = config;
    }

    /**
     * Opens {@code uio}, the file {@code /dev/uioN} of a device.
     *
     * @param config the configuration space of the same device
     */
    static LineInterrupt open(final Path uio, final PciConfigSpace config) throws IOException {
        final Descriptor descriptor = Descriptor.open(uio);
        try {
            return new LineInterrupt(descriptor, EventFd.create(), config);
        } catch (final IOException e) {
            descriptor.close();
            throw e;
        }
    }

    @Override
    public String kind() {
        return "intx";
    }

    @Override
    public int vector() {
        return LINE;
    }

    @Override
    public void arm() throws IOException {
        final int command = config.readConfig16(PciConfig.COMMAND);
        if ((command & PciConfig.COMMAND_NO_INTX) != 0) {
            config.writeConfig16(PciConfig.COMMAND, command & ~PciConfig.COMMAND_NO_INTX);
        }
    }

    @Override
    public void await(final long nanos) throws IOException {
        if (!wake.await(nanos, List.of(uio)).isEmpty()) {
            uio.consume(COUNT);
        }
    }

    @Override
    public void wake() {
        wake.raise();
    }

    @Override
    public void close() {
        wake.close();
        uio.close();
    }
}
