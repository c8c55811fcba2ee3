package dev.ninepin.virtio;

import dev.ninepin.p9.ByteString;
import java.io.IOException;

/** The name of a share, as its device tells it: {@code tag_len[2] tag[tag_len]}. Source: QEMU's {@code virtio_9p.h}. */
final class MountTag {
    private static final int MOST_ATTEMPTS = 1000;

    private MountTag() {}

    /**
     * Reads it; changes nothing in the device.
     *
     * @param address of the device, for messages
     * @param common its common configuration structure
     * @param config its device configuration structure
     */
    static ByteString read(final String address, final Mmio common, final Mmio config) throws IOException {
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            // Virtio 1.2, 2.5.1: what is longer than a register is whole only if the generation stayed the same
            // meanwhile.
            final int generation = common.read8(CommonRegisters.CONFIG_GENERATION);
            final ByteString tag = readOnce(address, config);
            if (common.read8(CommonRegisters.CONFIG_GENERATION) == generation) {
                return tag;
            }
        }
        throw new IOException("the mount tag of " + address + " changes all the time");
    }

    private static ByteString readOnce(final String address, final Mmio config) throws IOException {
        final int length = config.read16(0);
        if (Short.BYTES + length > config.size()) {
            throw new IOException("the mount tag of " + address + " is said to have " + length
                    + " bytes: more than its registers hold");
        }
        final byte[] tag = new byte[length];
        for (int i = 0; i < length; i++) {
            tag[i] = (byte) config.read8(Short.BYTES + i);
        }
        // Without a NUL at its end.
        return ByteString.copyOf(tag);
    }
}
