package dev.ninepin.fuse;

/**
 * How a mount is to look to the kernel.
 *
 * @param source what mountinfo shows as the source; any text
 * @param readOnly whether the kernel refuses every change
 * @param allowOther whether users other than the one who mounts may enter
 * @param defaultPermissions whether the kernel checks modes and owners, instead of asking the file system
 */
public record FuseOptions(String source, boolean readOnly, boolean allowOther, boolean defaultPermissions) {}
