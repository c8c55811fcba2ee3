package dev.ninepin.fuse;

import java.util.List;

/**
 * How a mount is to look to the kernel.
 *
 * @param source what mountinfo shows as the source; any text
 * @param readOnly whether the kernel refuses every change
 * @param allowOther whether users other than the one who mounts may enter
 * @param defaultPermissions whether the kernel checks modes and owners, instead of asking the file system
 * @param kernelFlags what else the kernel is to enforce, in the words of mount(8): {@code noexec}, {@code noatime},
 *     {@code sync}, {@code dirsync}, SELinux's {@code context=…}; for root also {@code nosymfollow}, {@code nodiratime} and
 *     {@code strictatime}, and {@code suid} and {@code dev}, without which no mount honours set-uid bits or devices
 */
public record FuseOptions(
        String source, boolean readOnly, boolean allowOther, boolean defaultPermissions, List<String> kernelFlags) {
    public FuseOptions {
        kernelFlags = List.copyOf(kernelFlags);
    }

    /** With nothing else for the kernel to enforce. */
    public FuseOptions(
            final String source, final boolean readOnly, final boolean allowOther, final boolean defaultPermissions) {
        this(source, readOnly, allowOther, defaultPermissions, List.of());
    }
}
