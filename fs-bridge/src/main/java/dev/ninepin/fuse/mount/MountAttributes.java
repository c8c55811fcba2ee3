package dev.ninepin.fuse.mount;

import dev.ninepin.fuse.lib.Native;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Map;
import jnr.ffi.Pointer;

/**
 * The attributes that libfuse 2 cannot set when it mounts; {@link #applyTo} sets them on the finished mount.
 *
 * @param words the attributes' names as in mount(8)
 */
public record MountAttributes(List<String> words) {
    /** From linux/mount.h: MOUNT_ATTR_… */
    private static final Map<String, Long> BITS =
            Map.of("nosymfollow", 0x20_0000L, "nodiratime", 0x80L, "strictatime", 0x20L);

    /** MOUNT_ATTR__ATIME: a field of several bits, which must be cleared before one of its values is set. */
    private static final long ACCESS_TIMES = 0x70;

    /** The number of mount_setattr(2), since Linux 5.12, the same on all architectures. */
    private static final long SYS_MOUNT_SETATTR = 442;

    private static final int AT_FDCWD = -100;

    // Offsets in struct mount_attr.
    private static final int SET = 0;
    private static final int CLEAR = 8;
    private static final int SIZE = 32;

    public MountAttributes {
        words = List.copyOf(words);
    }

    /** Returns the attributes among the kernel flags of {@code options}. */
    public static MountAttributes of(final FuseOptions options) {
        return new MountAttributes(
                options.kernelFlags().stream().filter(MountAttributes::isKnown).toList());
    }

    /** Returns whether {@code word} names an attribute of this kind. */
    static boolean isKnown(final String word) {
        return BITS.containsKey(word);
    }

    /** Returns the attributes' bits. A word that is given twice counts once. */
    long bits() {
        return words.stream().mapToLong(BITS::get).reduce(0, (some, more) -> some | more);
    }

    /**
     * Sets the attributes on the mount on {@code mountPoint}. Requires CAP_SYS_ADMIN.
     *
     * @throws IOException if the kernel refuses, for example because it is older than Linux 5.14
     */
    public void applyTo(final MountPoint mountPoint) throws IOException {
        if (words.isEmpty()) {
            return;
        }
        final Pointer attributes = Native.allocate(SIZE);
        attributes.putLong(SET, bits());
        attributes.putLong(CLEAR, words.contains("strictatime") ? ACCESS_TIMES : 0);
        final Pointer path = mountPoint.pointer();
        try {
            final long result =
                    LibC.get().syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.address(), 0, attributes.address(), SIZE, 0);
            if (result != 0) {
                throw new IOException("the kernel cannot set " + String.join(", ", words) + " on this mount: "
                        + LibC.reason() + " (Linux 5.14 supports all of these options)");
            }
        } finally {
            // The system call gets addresses only, so the memory must be kept reachable.
            Reference.reachabilityFence(path);
            Reference.reachabilityFence(attributes);
        }
    }
}
