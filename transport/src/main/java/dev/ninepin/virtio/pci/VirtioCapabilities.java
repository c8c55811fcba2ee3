package dev.ninepin.virtio.pci;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The locations of a modern virtio device's structures, read from its vendor-specific PCI capabilities. The
 * capabilities are not trusted: a circular list gives an {@link IOException}, and a location that no BAR can hold is
 * skipped.
 *
 * <pre>vndr[1] next[1] len[1] cfg_type[1] bar[1] id[1] padding[2] offset[4] length[4] (notify: multiplier[4])</pre>
 *
 * <p>Source: virtio 1.2, 4.1.4.
 *
 * @param structures the first usable location of each kind
 * @param notifyMultiplier the distance in bytes between the doorbells of consecutive queues; 0 if all queues share one
 * @param configAccess the offset of the capability that gives access to registers without a BAR; 0 if there is none
 */
public record VirtioCapabilities(Map<Kind, Place> structures, long notifyMultiplier, int configAccess) {
    /** The structures that a driver uses, with their {@code cfg_type} and their least size in bytes. */
    public enum Kind {
        COMMON(1, CommonRegisters.SIZE, true),
        NOTIFY(2, Short.BYTES, true),
        /** Required only for a driver that uses the interrupt line. */
        ISR(3, Byte.BYTES, false),
        DEVICE(4, Short.BYTES, true);

        private final int type;
        private final int leastSize;
        private final boolean required;

        Kind(final int type, final int leastSize, final boolean required) {
            this.type = type;
            this.leastSize = leastSize;
            this.required = required;
        }

        static @Nullable Kind ofType(final int type) {
            for (final Kind kind : values()) {
                if (kind.type == type) {
                    return kind;
                }
            }
            return null;
        }
    }

    /** A range of bytes in a BAR; offset and length are unsigned 32-bit numbers in the capability. */
    public record Place(int bar, long offset, long length) {}

    private static final int LENGTH = 2;
    private static final int TYPE = 3;
    static final int BAR = 4;
    static final int OFFSET = 8;
    static final int STRUCTURE_LENGTH = 12;
    private static final int MULTIPLIER = 16;

    /** The offset of {@code pci_cfg_data[4]} in the capability (4.1.4.9). */
    static final int CONFIG_ACCESS_DATA = 16;

    private static final int CONFIG_ACCESS_TYPE = 5;
    private static final int LEAST_CONFIG_ACCESS_LENGTH = CONFIG_ACCESS_DATA + Integer.BYTES;
    private static final int LEAST_LENGTH = MULTIPLIER;
    private static final int LEAST_NOTIFY_LENGTH = MULTIPLIER + Integer.BYTES;
    private static final int POINTER_MASK = 0xfc;
    /** The length of the longest list without a circle: each capability takes at least 4 bytes. */
    private static final int MOST_CAPABILITIES = (PciConfig.SIZE - PciConfig.HEADER_SIZE) / Integer.BYTES;

    /**
     * Reads the capabilities from the configuration space of {@code function}.
     *
     * @throws IOException if the list is circular or lacks a required structure
     */
    public static VirtioCapabilities read(final PciConfigSpace function) throws IOException {
        final Map<Kind, Place> structures = new EnumMap<>(Kind.class);
        long multiplier = 0;
        int configAccess = 0;
        int at = firstCapability(function);
        for (int count = 0; at >= PciConfig.HEADER_SIZE; count++) {
            if (count == MOST_CAPABILITIES) {
                throw new IOException("the list of PCI capabilities of " + function.address() + " runs in a circle");
            }
            final @Nullable Kind kind = kindAt(function, at);
            if (kind != null && !structures.containsKey(kind) && isUsable(function, at, kind)) {
                structures.put(kind, placeAt(function, at));
                if (kind == Kind.NOTIFY) {
                    multiplier = Integer.toUnsignedLong(function.readConfig32(at + MULTIPLIER));
                }
            }
            if (configAccess == 0 && isConfigAccess(function, at)) {
                configAccess = at;
            }
            at = function.readConfig8(at + PciConfig.CAPABILITY_NEXT) & POINTER_MASK;
        }
        for (final Kind kind : Kind.values()) {
            if (kind.required && !structures.containsKey(kind)) {
                throw new IOException("the device at " + function.address() + " has no usable " + kind
                        + " structure: it is not a modern virtio device (virtio 1.x)");
            }
        }
        return new VirtioCapabilities(Map.copyOf(structures), multiplier, configAccess);
    }

    private static int firstCapability(final PciConfigSpace function) throws IOException {
        final boolean has = (function.readConfig16(PciConfig.STATUS) & PciConfig.STATUS_HAS_CAPABILITIES) != 0;
        return has ? function.readConfig8(PciConfig.CAPABILITIES) & POINTER_MASK : 0;
    }

    private static @Nullable Kind kindAt(final PciConfigSpace function, final int at) throws IOException {
        return isVirtio(function, at, LEAST_LENGTH) ? Kind.ofType(function.readConfig8(at + TYPE)) : null;
    }

    private static boolean isConfigAccess(final PciConfigSpace function, final int at) throws IOException {
        return isVirtio(function, at, LEAST_CONFIG_ACCESS_LENGTH)
                && function.readConfig8(at + TYPE) == CONFIG_ACCESS_TYPE;
    }

    private static boolean isVirtio(final PciConfigSpace function, final int at, final int leastLength)
            throws IOException {
        return at + leastLength <= PciConfig.SIZE
                && function.readConfig8(at + PciConfig.CAPABILITY_ID) == PciConfig.CAPABILITY_VENDOR_SPECIFIC
                && function.readConfig8(at + LENGTH) >= leastLength;
    }

    private static Place placeAt(final PciConfigSpace function, final int at) throws IOException {
        return new Place(
                function.readConfig8(at + BAR),
                Integer.toUnsignedLong(function.readConfig32(at + OFFSET)),
                Integer.toUnsignedLong(function.readConfig32(at + STRUCTURE_LENGTH)));
    }

    /**
     * Returns whether the capability is usable for {@code kind}: complete, in a memory BAR, and with all required
     * registers. A device may offer a kind several times, for drivers with different abilities.
     */
    private static boolean isUsable(final PciConfigSpace function, final int at, final Kind kind) throws IOException {
        final Place place = placeAt(function, at);
        final int least = kind == Kind.NOTIFY ? LEAST_NOTIFY_LENGTH : LEAST_LENGTH;
        final boolean isWhole = at + least <= PciConfig.SIZE && function.readConfig8(at + LENGTH) >= least;
        return isWhole
                && place.bar() < PciConfig.BARS
                && (function.readConfig32(PciConfig.bar(place.bar())) & PciConfig.BAR_IS_IO) == 0
                && place.length() >= kind.leastSize;
    }

    /**
     * Returns the registers of one structure.
     *
     * @throws IOException if the structure is missing, or lies beyond its BAR
     */
    public Mmio map(final PciFunction function, final Kind kind) throws IOException {
        final Place place = place(kind);
        final Mmio bar = function.mapBar(place.bar());
        if (place.offset() + place.length() > bar.size()) {
            throw new IOException("the " + kind + " structure of " + function.address() + " lies beyond its BAR");
        }
        return new MmioRegion(bar, place.offset(), place.length());
    }

    /**
     * Returns the registers of one structure, for reading through configuration space. {@link #configAccess} must not
     * be 0.
     */
    public Mmio window(final PciConfigFile config, final Kind kind) throws IOException {
        return new ConfigWindow(config, configAccess, place(kind));
    }

    private Place place(final Kind kind) throws IOException {
        final @Nullable Place place = structures.get(kind);
        if (place == null) {
            throw new IOException("the device has no usable " + kind + " structure");
        }
        return place;
    }
}
