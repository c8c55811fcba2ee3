package dev.ninepin.virtio;

import com.google.errorprone.annotations.Immutable;
import java.util.ArrayList;
import java.util.List;

/**
 * Feature bits of a virtio-9p device: offered, wanted, or negotiated. Source: virtio 1.2, 6 and 2.2.
 *
 * @param bits one bit for each feature, by its number
 */
@Immutable
record VirtioFeatures(long bits) {
    /** The device tells its mount tag. */
    static final int MOUNT_TAG = 0;

    /** A ring slot may point to a table of descriptors. */
    static final int INDIRECT_DESC = 28;

    /** Doorbells and interrupts are asked for by index. */
    static final int EVENT_IDX = 29;

    /** The device follows virtio 1.x, not what came before. */
    static final int VERSION_1 = 32;

    /** What the device reads and writes goes through the system's IOMMU, if it has one; to be accepted if offered. */
    static final int ACCESS_PLATFORM = 33;

    static VirtioFeatures of(final int... numbers) {
        long bits = 0;
        for (final int number : numbers) {
            bits |= 1L << number;
        }
        return new VirtioFeatures(bits);
    }

    boolean has(final int number) {
        return (bits & 1L << number) != 0;
    }

    VirtioFeatures and(final VirtioFeatures others) {
        return new VirtioFeatures(bits & others.bits);
    }

    /** The names for people, and the numbers of those without. */
    @Override
    public String toString() {
        final List<String> names = new ArrayList<>();
        for (int number = 0; number < Long.SIZE; number++) {
            if (has(number)) {
                names.add(
                        switch (number) {
                            case MOUNT_TAG -> "mount_tag";
                            case INDIRECT_DESC -> "indirect_desc";
                            case EVENT_IDX -> "event_idx";
                            case VERSION_1 -> "version_1";
                            case ACCESS_PLATFORM -> "access_platform";
                            default -> Integer.toString(number);
                        });
            }
        }
        return String.join(" ", names);
    }
}
