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
    public int read8(final long offset) throws IOException {
        select(offset, Byte.BYTES);
        return config.readConfig8(capability + VirtioCapabilities.CONFIG_ACCESS_DATA);
    }

    @Override
    public int read16(final long offset) throws IOException {
        select(offset, Short.BYTES);
        return config.readConfig16(capability + VirtioCapabilities.CONFIG_ACCESS_DATA);
    }

    @Override
    public int read32(final long offset) throws IOException {
        select(offset, Integer.BYTES);
        return config.readConfig32(capability + VirtioCapabilities.CONFIG_ACCESS_DATA);
    }

    @Override
    public void write8(final long offset, final int value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void write16(final long offset, final int value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void write32(final long offset, final int value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void post16(final long offset, final int value) {
        throw new UnsupportedOperationException();
    }

    private void select(final long offset, final int width) throws IOException {
        final long at = place.offset() + Objects.checkFromIndexSize(offset, width, place.length());
        config.writeConfig8(capability + VirtioCapabilities.BAR, place.bar());
        config.writeConfig32(capability + VirtioCapabilities.OFFSET, (int) at);
        config.writeConfig32(capability + VirtioCapabilities.STRUCTURE_LENGTH, width);
    }
}
