package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.fuse.mount.KernelLimits;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.options.AccessTimes;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.virtio.driver.DriverKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The options of a mount, parsed from {@code -o}.
 *
 * @param readOnly whether all changes are refused
 * @param allowOther whether users other than the mounting user may access the mount
 * @param defaultPermissions whether the kernel checks permissions against the attributes shown
 * @param containSymlinks whether symbolic links are refused if they lead, or might lead, out of the share
 * @param uid the owner to show for every file
 * @param gid the group to show for every file
 * @param msize the msize to propose, in bytes; empty for that of the source ({@link Source#msize})
 * @param aname the tree to attach to, for servers that offer several
 * @param uname the user name to attach with; null for the session's default
 * @param cache the cache mode
 * @param timeouts how long names and attributes may be used without a request
 * @param writesBehind whether write(2) may return before the server has answered
 * @param limits the limits on the kernel's requests
 * @param xattrs whether to offer extended attributes, if the server supports them
 * @param remoteLocks whether the server is told about file locks
 * @param kernelFlags the other flags that the kernel enforces, in alphabetical order, named as in mount(8); flags at
 *     the kernel's default are left out
 * @param access who may use the share, and which user the server sees
 * @param idMap the mapping between local and server IDs
 * @param driver the driver for a virtio device; empty for the best one
 * @param patience how long requests wait for another connection after the connection has ended
 * @param reconnects whether another connection is opened when one has ended; otherwise the session ends with it
 * @param v9fs the options of {@code mount -t 9p} in the list
 */
public record MountOptions(
        boolean readOnly,
        boolean allowOther,
        boolean defaultPermissions,
        boolean containSymlinks,
        OptionalInt uid,
        OptionalInt gid,
        OptionalInt msize,
        ByteString aname,
        @Nullable ByteString uname,
        CacheMode cache,
        Timeouts timeouts,
        boolean writesBehind,
        KernelLimits limits,
        boolean xattrs,
        boolean remoteLocks,
        List<String> kernelFlags,
        UserAccess access,
        IdMap idMap,
        Optional<DriverKind> driver,
        Duration patience,
        boolean reconnects,
        V9fsOptions v9fs) {
    /** The value of {@link #patience} for {@code timeout=hard}: longer than any mount lasts. */
    public static final Duration HARD = Duration.ofDays(365 * 10);

    /** The option that asks mount(8) to change a mount that exists. */
    public static final String REMOUNT = "remount";

    public MountOptions {
        kernelFlags = List.copyOf(kernelFlags);
    }

    /**
     * Parses the value of {@code -o}, a comma-separated list in which later options override earlier ones.
     *
     * @throws NinepinException with {@code ExitCode.USAGE}, naming the option that is unknown or has an invalid value
     */
    public static MountOptions parse(final String list) throws NinepinException {
        return new MountOptionsParser().parse(list);
    }

    /**
     * Returns a copy of a session's options with the timeouts of these options. A request that was sent waits for its
     * answer for at least the default time, because a server may be slow.
     */
    public SessionOptions withWaits(final SessionOptions options) {
        final Duration least = options.requestTimeout();
        return options.withPatience(patience).withRequestTimeout(patience.compareTo(least) < 0 ? least : patience);
    }

    /** Returns a copy without the options of {@code mount -t 9p}, for comparing the effects of two option lists. */
    public MountOptions withoutV9fs() {
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
                timeouts,
                writesBehind,
                limits,
                xattrs,
                remoteLocks,
                kernelFlags,
                access,
                idMap,
                driver,
                patience,
                reconnects,
                V9fsOptions.NONE);
    }

    /** Returns which reads may change access times on the server. */
    public AccessTimes accessTimes() {
        if (kernelFlags.contains("noatime")) {
            return AccessTimes.NONE;
        }
        return kernelFlags.contains("nodiratime") ? AccessTimes.FILES : AccessTimes.SERVER;
    }

    /** Returns whether {@code list}, a value of {@code -o}, asks for a remount. */
    public static boolean askForRemount(final String list) {
        return OptionList.split(list).contains(REMOUNT);
    }

    /** Returns {@code list} without unknown options. */
    public static String withoutUnknown(final String list) {
        return OptionList.split(list).stream()
                .filter(option -> MountOptionsParser.isKnown(option) || askForRemount(option))
                .collect(Collectors.joining(","));
    }
}
