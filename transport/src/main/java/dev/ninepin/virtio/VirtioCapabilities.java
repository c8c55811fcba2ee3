package dev.ninepin.virtio;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a modern virtio device keeps its structures, as its vendor-specific PCI capabilities tell. Nothing in them is
 * trusted: a list that runs in circles, or a place that no BAR can hold, gives an {@link IOException} or is passed over.
 *
 * <pre>vndr[1] next[1] len[1] cfg_type[1] bar[1] id[1] padding[2] offset[4] length[4] (notify: multiplier[4])</pre>
 *
 * <p>Source: virtio 1.2, 4.1.4.
 *
 * @param structures the first usable place of each kind
 * @param notifyMultiplier bytes between the doorbells of one queue and the next; 0 if they share one
 */
record VirtioCapabilities(Map<Kind, Place> structures, long notifyMultiplier) {
    /** The structures that a driver which polls has use for, with their {@code cfg_type} and least size in bytes. */
    enum Kind {
        COMMON(1, CommonRegisters.SIZE),
        NOTIFY(2, Short.BYTES),
        DEVICE(4, Short.BYTES);

        private final int type;
        private final int leastSize;

        Kind(final int type, final int leastSize) {
            this.type = type;
            this.leastSize = leastSize;
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

    /** A run of bytes in a BAR; both numbers unsigned 32 bits on the wire. */
    record Place(int bar, long offset, long length) {}

    private static final int LENGTH = 2;
    private static final int TYPE = 3;
    private static final int BAR = 4;
    private static final int OFFSET = 8;
    private static final int STRUCTURE_LENGTH = 12;
    private static final int MULTIPLIER = 16;
    private static final int LEAST_LENGTH = MULTIPLIER;
    private static final int LEAST_NOTIFY_LENGTH = MULTIPLIER + Integer.BYTES;
    private static final int POINTER_MASK = 0xfc;
    /** A list without a circle has no more: each takes 4 bytes at least. */
    private static final int MOST_CAPABILITIES = (PciConfig.SIZE - PciConfig.HEADER_SIZE) / Integer.BYTES;

    /** Reads them from {@code function}'s configuration space. */
    static VirtioCapabilities read(final PciFunction function) throws IOException {
        final Map<Kind, Place> structures = new EnumMap<>(Kind.class);
        long multiplier = 0;
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
            at = function.readConfig8(at + PciConfig.CAPABILITY_NEXT) & POINTER_MASK;
        }
        for (final Kind kind : Kind.values()) {
            if (!structures.containsKey(kind)) {
                throw new IOException("the device at " + function.address() + " has no usable " + kind
                        + " structure: it is not a modern virtio device (virtio 1.x)");
            }
        }
        return new VirtioCapabilities(Map.copyOf(structures), multiplier);
    }

    private static int firstCapability(final PciFunction function) throws IOException {
        final boolean has = (function.readConfig16(PciConfig.STATUS) & PciConfig.STATUS_HAS_CAPABILITIES) != 0;
        return has ? function.readConfig8(PciConfig.CAPABILITIES) & POINTER_MASK : 0;
    }

    private static @Nullable Kind kindAt(final PciFunction function, final int at) throws IOException {
        final boolean isVirtio = at + LEAST_LENGTH <= PciConfig.SIZE
                && function.readConfig8(at + PciConfig.CAPABILITY_ID) == PciConfig.CAPABILITY_VENDOR_SPECIFIC
                && function.readConfig8(at + LENGTH) >= LEAST_LENGTH;
        return isVirtio ? Kind.ofType(function.readConfig8(at + TYPE)) : null;
    }

    private static Place placeAt(final PciFunction function, final int at) throws IOException {
        return new Place(
                function.readConfig8(at + BAR),
                Integer.toUnsignedLong(function.readConfig32(at + OFFSET)),
                Integer.toUnsignedLong(function.readConfig32(at + STRUCTURE_LENGTH)));
    }

    /** Kinds may come twice, for drivers of different abilities; ours needs memory BARs, and registers in full. */
    private static boolean isUsable(final PciFunction function, final int at, final Kind kind) throws IOException {
        final Place place = placeAt(function, at);
        final int least = kind == Kind.NOTIFY ? LEAST_NOTIFY_LENGTH : LEAST_LENGTH;
        final boolean isWhole = at + least <= PciConfig.SIZE && function.readConfig8(at + LENGTH) >= least;
        return isWhole
                && place.bar() < PciConfig.BARS
                && (function.readConfig32(PciConfig.bar(place.bar())) & PciConfig.BAR_IS_IO) == 0
                && place.length() >= kind.leastSize;
    }

    /** The registers of one structure. */
    Mmio map(final PciFunction function, final Kind kind) throws IOException {
        final @Nullable Place place = structures.get(kind);
        if (place == null) {
            throw new IOException("no " + kind + " structure");
        }
        final Mmio bar = function.mapBar(place.bar());
        if (place.offset() + place.length() > bar.size()) {
            throw new IOException("the " + kind + " structure of " + function.address() + " lies beyond its BAR");
        }
        return new MmioRegion(bar, place.offset(), place.length());
    }
}
