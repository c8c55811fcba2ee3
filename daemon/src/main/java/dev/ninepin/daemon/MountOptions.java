package dev.ninepin.daemon;

import dev.ninepin.p9.ByteString;
import dev.ninepin.share.AccessTimes;
import dev.ninepin.share.CacheMode;
import dev.ninepin.share.IdMap;
import dev.ninepin.share.UserAccess;
import dev.ninepin.virtio.DriverKind;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What {@code -o} asks for.
 *
 * @param readOnly whether every change is refused
 * @param allowOther whether users other than the one who mounts may enter
 * @param defaultPermissions whether the kernel checks permissions from the attributes shown
 * @param containSymlinks whether symbolic links that lead out of the share, or might, are refused
 * @param uid the owner to show for every file
 * @param gid the group to show for every file
 * @param msize the largest message to propose, in bytes
 * @param aname the tree to attach to, for servers that have several
 * @param uname the user to attach as; null for the session's own choice
 * @param cache what may be believed without asking the server
 * @param xattrs whether there are extended attributes, if the server has any
 * @param remoteLocks whether the server is to know of the locks on its files
 * @param kernelFlags what the kernel is to enforce beside, in the words of mount(8) and in alphabetical order; what is
 *     the kernel's default, or asked back, is not among them
 * @param access who may use the share, and as whom the server knows them
 * @param idMap which numbers users and groups have on the server
 * @param driver how to reach a virtio device; empty for the best that there is
 * @param v9fs what the list has of {@code mount -t 9p}
 */
public record MountOptions(
        boolean readOnly,
        boolean allowOther,
        boolean defaultPermissions,
        boolean containSymlinks,
        OptionalInt uid,
        OptionalInt gid,
        int msize,
        ByteString aname,
        @Nullable ByteString uname,
        CacheMode cache,
        boolean xattrs,
        boolean remoteLocks,
        List<String> kernelFlags,
        UserAccess access,
        IdMap idMap,
        Optional<DriverKind> driver,
        V9fsOptions v9fs) {
    public MountOptions {
        kernelFlags = List.copyOf(kernelFlags);
    }

    /**
     * Reads the value of {@code -o}: options with commas between them, of which a later one overrides an earlier one.
     *
     * @throws NinepinException with {@link ExitCode#USAGE}, naming the option that is unknown or has a wrong value
     */
    public static MountOptions parse(final String list) throws NinepinException {
        return new MountOptionsParser().parse(list);
    }

    /** A copy that does not tell which words asked for it. */
    MountOptions withoutV9fs() {
        return new MountOptions(
                readOnly,
                allowOther,
                defaultPermissions,
                containSymlinks,
                uid,
                gid,
                msize,
                aname,
                uname,
                cache,
                xattrs,
                remoteLocks,
                kernelFlags,
                access,
                idMap,
                driver,
                V9fsOptions.NONE);
    }

    /** Which reads may change access times on the server. */
    AccessTimes accessTimes() {
        if (kernelFlags.contains("noatime")) {
            return AccessTimes.NONE;
        }
        return kernelFlags.contains("nodiratime") ? AccessTimes.FILES : AccessTimes.SERVER;
    }

    /** {@code list} without the options that nobody knows. */
    public static String withoutUnknown(final String list) {
        return OptionList.split(list).stream()
                .filter(option -> MountOptionsParser.isKnown(option) || Remount.isAskedFor(option))
                .collect(Collectors.joining(","));
    }
}
