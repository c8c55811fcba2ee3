package dev.ninepin.virtio.pci;

import java.io.IOException;
import java.util.Objects;

/**
 * Read-only access to a virtio device's registers through its configuration space, one register at a time. It works
 * without mapping a BAR, whatever driver is bound to the device.
 *
 * <p>No other software uses this access path. Callers must lock the configuration space ({@link PciConfigFile#lock}) to
 * exclude each other.
 *
 * <p>Source: virtio 1.2, 4.1.4.9.
 */
final class ConfigWindow implements Mmio {
    private final PciConfigFile config;
    private final int capability;
    private final VirtioCapabilities.Place place;

    /**
     * @param capability the offset in configuration space of the capability {@link VirtioCapabilities#configAccess}
     * @param place the registers to read
     */
    ConfigWindow(final PciConfigFile config, final int capability, final VirtioCapabilities.Place place) {
        this.config = config;
        this.capability = capability;
        this.place = place;
    }

    @Override
    public long size() {
        return place.length();
    }

    @Override
    public int read(final long offset, final int width) throws IOException {
        select(offset, width);
        return config.readConfig(capability + VirtioCapabilities.CONFIG_ACCESS_DATA, width);
    }

    @Override
    public void write(final long offset, final int width, final int value) {
        throw new UnsupportedOperationException();
    }

    private void select(final long offset, final int width) throws IOException {
        final long at = place.offset() + Objects.checkFromIndexSize(offset, width, place.length());
        config.writeConfig(capability + VirtioCapabilities.BAR, Byte.BYTES, place.bar());
        config.writeConfig(capability + VirtioCapabilities.OFFSET, Integer.BYTES, (int) at);
        config.writeConfig(capability + VirtioCapabilities.STRUCTURE_LENGTH, Integer.BYTES, width);
    }
}
