package dev.ninepin.fuse.mount;

import java.util.List;

/**
 * The options of a mount that the kernel applies.
 *
 * @param source the source that mountinfo shows; any text
 * @param readOnly whether the kernel rejects every change
 * @param allowOther whether users other than the one that mounts have access
 * @param defaultPermissions whether the kernel checks modes and owners itself, instead of asking the file system
 * @param kernelFlags other options for the kernel to enforce, named as in mount(8): {@code noexec}, {@code noatime},
 *     {@code sync}, {@code dirsync}, SELinux's {@code context=…}. Root may also use {@code nosymfollow}, {@code
 *     nodiratime}, {@code strictatime}, {@code suid} and {@code dev}. Without {@code suid} and {@code dev}, a mount
 *     does not honour set-user-ID bits and device files
 * @param limits the limits on the kernel's requests
 */
public record FuseOptions(
        String source,
        boolean readOnly,
        boolean allowOther,
        boolean defaultPermissions,
        List<String> kernelFlags,
        KernelLimits limits) {
    public FuseOptions {
        kernelFlags = List.copyOf(kernelFlags);
    }

    /** Creates options without kernel flags, and with the default limits. */
    public FuseOptions(
            final String source, final boolean readOnly, final boolean allowOther, final boolean defaultPermissions) {
        this(source, readOnly, allowOther, defaultPermissions, List.of(), KernelLimits.DEFAULT);
    }

    /** Returns a copy with other kernel flags. */
    public FuseOptions withKernelFlags(final List<String> wanted) {
        return new FuseOptions(source, readOnly, allowOther, defaultPermissions, wanted, limits);
    }

    /** Returns a copy with other limits. */
    public FuseOptions withLimits(final KernelLimits wanted) {
        return new FuseOptions(source, readOnly, allowOther, defaultPermissions, kernelFlags, wanted);
    }
}
