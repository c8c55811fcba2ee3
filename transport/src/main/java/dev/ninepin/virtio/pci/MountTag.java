package dev.ninepin.virtio.pci;

import dev.ninepin.p9.ByteString;
import java.io.IOException;

/**
 * A reader of a device's mount tag, the name of its share: {@code tag_len[2] tag[tag_len]}. Source: QEMU's {@code
 * virtio_9p.h}.
 */
public final class MountTag {
    private static final int MOST_ATTEMPTS = 1000;

    private MountTag() {}

    /**
     * Reads the mount tag, without changing the state of the device.
     *
     * @param address the device's address, for messages
     * @param common the device's common configuration structure
     * @param config the device's device-specific configuration structure
     * @throws IOException if the tag exceeds its structure or changes during every attempt
     */
    public static ByteString read(final String address, final Mmio common, final Mmio config) throws IOException {
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            // Virtio 1.2, 2.5.1: a field longer than a register is consistent only if the generation did not change
            // during the read.
            final int generation = common.read8(CommonRegisters.CONFIG_GENERATION);
            final ByteString tag = readOnce(address, config);
            if (common.read8(CommonRegisters.CONFIG_GENERATION) == generation) {
                return tag;
            }
        }
        throw new IOException("cannot read the mount tag of " + address + ": it changed during every attempt");
    }

    private static ByteString readOnce(final String address, final Mmio config) throws IOException {
        final int length = config.read16(0);
        if (Short.BYTES + length > config.size()) {
            throw new IOException("the mount tag of " + address + " has an invalid length of " + length
                    + " bytes: more than the device's registers hold");
        }
        final byte[] tag = new byte[length];
        for (int i = 0; i < length; i++) {
            tag[i] = (byte) config.read8(Short.BYTES + i);
        }
        // The tag has no trailing NUL.
        return ByteString.copyOf(tag);
    }
}
