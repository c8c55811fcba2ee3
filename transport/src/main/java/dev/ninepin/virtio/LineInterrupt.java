package dev.ninepin.virtio;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The interrupt line of a device that uio_pci_generic is bound to. With each interrupt the kernel switches the line off,
 * in the command register, and counts; it is for us to switch it on again.
 *
 * <p>Source: Linux, drivers/uio/uio_pci_generic.c and Documentation/driver-api/uio-howto.rst.
 */
final class LineInterrupt implements Interrupt, AutoCloseable {
    /** A read of the count has this width, in bytes. */
    private static final int COUNT = Integer.BYTES;

    private final Descriptor uio;
    private final EventFd wake;
    private final PciConfigSpace config;

    private LineInterrupt(final Descriptor uio, final EventFd wake, final PciConfigSpace config) {
        this.uio = uio;
        this.wake = wake;
        this.config = config;
    }

    /** Opens {@code uio}, which is {@code /dev/uioN}, of the device whose configuration space is {@code config}. */
    static LineInterrupt open(final Path uio, final PciConfigSpace config) throws IOException {
        final Descriptor descriptor = Descriptor.open(uio.toString());
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

    /** Ends a wait, and gives the line back, switched off. */
    @Override
    public void close() {
        wake.close();
        uio.close();
    }
}
