package dev.ninepin.virtio.queue;

import com.google.errorprone.annotations.Immutable;
import java.util.ArrayList;
import java.util.List;

/**
 * A set of feature bits of a virtio-9p device: offered, wanted, or negotiated. Source: virtio 1.2, 6 and 2.2.
 *
 * @param bits the set; feature N is bit N
 */
@Immutable
public record VirtioFeatures(long bits) {
    /** The device has a mount tag in its configuration. */
    public static final int MOUNT_TAG = 0;

    /** A descriptor may refer to an indirect table of descriptors. */
    public static final int INDIRECT_DESC = 28;

    /** Each side requests doorbells or interrupts by an event index. */
    public static final int EVENT_IDX = 29;

    /** The device conforms to virtio 1.x, rather than to the legacy interface. */
    public static final int VERSION_1 = 32;

    /**
     * The device's memory accesses go through the system's IOMMU, if it has one. A driver should accept the feature if
     * the device offers it.
     */
    public static final int ACCESS_PLATFORM = 33;

    public static VirtioFeatures of(final int... numbers) {
        long bits = 0;
        for (final int number : numbers) {
            bits |= 1L << number;
        }
        return new VirtioFeatures(bits);
    }

    public boolean has(final int number) {
        return (bits & 1L << number) != 0;
    }

    public VirtioFeatures and(final VirtioFeatures others) {
        return new VirtioFeatures(bits & others.bits);
    }

    /** Returns the names of the features, and the numbers of features without a name. */
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
