package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.virtio.driver.DriverKind;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A parser for one {@code -o} option list. Not thread-safe; each instance parses one list. */
final class MountOptionsParser {
    /**
     * The upper limit of msize, in bytes. A larger value is no faster, and each request in flight may need a buffer of
     * this size.
     */
    private static final int MAX_MSIZE = 16 << 20;

    private static final long MAX_ID = 0xffff_fffeL;

    private static final Set<String> FLAGS = union(
            Set.of(
                    "ro",
                    "rw",
                    "allow_other",
                    "default_permissions",
                    "noxattr",
                    "contain_symlinks",
                    "no_contain_symlinks",
                    "noreconnect"),
            TuningOptions.FLAGS);
    private static final Set<String> READ_ONLY = Set.of("ro", "rw");
    private static final Set<String> VALUED = union(
            Set.of("uid", "gid", "msize", "aname", "uname", "cache", "access", "idmap", "driver", "locks", "timeout"),
            TuningOptions.VALUED);

    /**
     * Options without effect. mount(8), fstab and systemd handle some of them and still pass them to the file system.
     * The kernel accepts the others for any file system, but they do not affect FUSE.
     */
    private static final Set<String> IGNORED = Set.of(
            "defaults",
            "_netdev",
            "nofail",
            "auto",
            "noauto",
            "user",
            "nouser",
            "users",
            "nousers",
            "owner",
            "noowner",
            "group",
            "nogroup",
            "bootwait",
            "nobootwait",
            "comment",
            "helper",
            "uhelper",
            "relatime",
            "norelatime",
            "lazytime",
            "nolazytime",
            "mand",
            "nomand",
            "iversion",
            "noiversion",
            "silent",
            "loud");

    /** Names that other programs use for a Ninepin option. */
    private static final Map<String, String> SYNONYMS = Map.ofEntries(
            Map.entry("read_only", "ro"),
            Map.entry("readonly", "ro"),
            Map.entry("read-only", "ro"),
            Map.entry("r", "ro"),
            Map.entry("read_write", "rw"),
            Map.entry("readwrite", "rw"),
            Map.entry("read-write", "rw"),
            Map.entry("w", "rw"),
            Map.entry("actimeo", "attr_timeout"),
            Map.entry("rsize", "max_read"),
            Map.entry("rasize", "readahead"),
            Map.entry("writeback_cache", "writeback"));

    private boolean readOnly;
    private boolean allowOther;
    private boolean defaultPermissions;
    private boolean containSymlinks;
    private OptionalInt uid = OptionalInt.empty();
    private OptionalInt gid = OptionalInt.empty();
    private OptionalInt msize = OptionalInt.empty();
    private ByteString aname = ByteString.EMPTY;
    private @Nullable ByteString uname;
    private CacheMode cache = CacheMode.OPEN;
    private boolean xattrs = true;
    private boolean remoteLocks;
    private final KernelFlags kernelFlags = new KernelFlags();
    private final V9fsOptionsParser v9fs = new V9fsOptionsParser();
    private UserAccess access = UserAccess.ANY;

    /** Whether the kernel on this host checks permissions as well, as {@code access=client} asks. */
    private boolean kernelChecksPermissions;

    private final IdMapOption idMap = new IdMapOption();
    private final TuningOptions tuning = new TuningOptions();
    private Optional<DriverKind> driver = Optional.empty();
    private boolean reconnects = true;
    private Duration patience = SessionOptions.DEFAULT_PATIENCE;

    MountOptions parse(final String list) throws NinepinException {
        for (final String option : OptionList.split(list)) {
            take(option);
        }
        if (access.kind() == UserAccess.Kind.EACH && !allowOther && v9fs.isGiven()) {
            allowOther = true;
            v9fs.recordTranslation(
                    "access", "access=" + (kernelChecksPermissions ? "client" : "user") + " lets other users in");
        }
        if (access.kind() == UserAccess.Kind.EACH && !allowOther) {
            throw NinepinException.usage("option access=" + (kernelChecksPermissions ? "client" : "user")
                    + " needs allow_other, because otherwise only the mounting user may use the mount:"
                    + " add -o allow_other");
        }
        final CacheMode mode = v9fs.isDirect() ? CacheMode.NONE : cache;
        return new MountOptions(
                readOnly,
                allowOther,
                defaultPermissions || kernelChecksPermissions,
                containSymlinks,
                uid,
                gid,
                msize,
                aname,
                uname,
                mode,
                tuning.timeouts(mode),
                tuning.writesBehind(mode),
                tuning.limits(),
                xattrs,
                remoteLocks,
                kernelFlags.list(),
                access,
                idMap.map(uid, gid),
                driver,
                patience,
                reconnects,
                v9fs.options());
    }

    private void take(final String option) throws NinepinException {
        final int equals = option.indexOf('=');
        final String name = OptionList.name(option);
        if (isIgnored(name)) {
            return;
        }
        if (KernelFlags.isKnown(name)) {
            kernelFlags.take(option);
        } else if (V9fsOptionsParser.isKnown(name)) {
            v9fs.take(option);
        } else if (FLAGS.contains(name)) {
            if (equals >= 0 && !(READ_ONLY.contains(name) && KernelFlags.isLayer(OptionList.value(option)))) {
                throw NinepinException.usage("option " + name + " takes no value: write -o " + name);
            }
            flag(name);
        } else if (VALUED.contains(name)) {
            if (equals < 0 || equals == option.length() - 1) {
                throw NinepinException.usage("option " + name + " needs a value: write -o " + name + "=VALUE");
            }
            value(name, option.substring(equals + 1));
        } else {
            throw unknown(name);
        }
    }

    private static Set<String> union(final Set<String> some, final Set<String> more) {
        return Stream.of(some, more).flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
    }

    /** Returns whether the parser knows {@code option}, which may include a value. */
    static boolean isKnown(final String option) {
        final String name = OptionList.name(option);
        return isIgnored(name)
                || KernelFlags.isKnown(name)
                || V9fsOptionsParser.isKnown(name)
                || FLAGS.contains(name)
                || VALUED.contains(name);
    }

    private static boolean isIgnored(final String name) {
        return name.startsWith("x-") || name.startsWith("X-") || IGNORED.contains(name);
    }

    private void flag(final String name) {
        switch (name) {
            case "ro" -> readOnly = true;
            case "rw" -> readOnly = false;
            case "noxattr" -> xattrs = false;
            case "allow_other" -> allowOther = true;
            case "contain_symlinks" -> containSymlinks = true;
            case "no_contain_symlinks" -> containSymlinks = false;
            case "default_permissions" -> defaultPermissions = true;
            case "noreconnect" -> reconnects = false;
            default -> tuning.take(name);
        }
    }

    private void value(final String name, final String value) throws NinepinException {
        switch (name) {
            case "uid" -> uid = OptionalInt.of(id(name, value));
            case "gid" -> gid = OptionalInt.of(id(name, value));
            case "msize" -> msize = OptionalInt.of(msize(value));
            case "aname" -> aname = ByteString.of(value);
            case "uname" -> uname = ByteString.of(value);
            case "access" -> access(value);
            case "idmap" -> idMap.add(value);
            case "driver" -> driver = Optional.of(driver(value));
            case "locks" -> remoteLocks = areRemote(value);
            case "cache" -> cache = cache(value);
            case "timeout" -> patience = patience(value);
            default -> tuning.take(name, value);
        }
    }

    private void access(final String value) throws NinepinException {
        kernelChecksPermissions = value.equals("client");
        if (kernelChecksPermissions || value.equals("user")) {
            access = UserAccess.EACH;
        } else if (value.equals("any")) {
            access = UserAccess.ANY;
        } else if (value.matches("[0-9]+")) {
            access = UserAccess.one(id("access", value));
        } else {
            throw NinepinException.usage(
                    "option access=" + value + ": must be one of user, client, any, or a user's number");
        }
    }

    /** Parses a user or group ID, an unsigned 32-bit number below 0xffffffff. */
    private static int id(final String name, final String value) throws NinepinException {
        if (value.matches("[0-9]{1,10}")) {
            final long number = Long.parseLong(value);
            if (number <= MAX_ID) {
                return (int) number;
            }
        }
        throw NinepinException.usage("option " + name + "=" + value + ": must be a number from 0 to " + MAX_ID
                + ", as id(1) shows it for a name");
    }

    /** Parses an msize in bytes. Lowers a value above the maximum to the maximum, as {@code mount -t 9p} does. */
    private int msize(final String value) throws NinepinException {
        v9fs.removeTranslation("msize");
        if (value.matches("[0-9]{1,10}")) {
            final long number = Long.parseLong(value);
            if (number > MAX_MSIZE) {
                v9fs.recordTranslation("msize", "msize=" + value + " means msize=" + MAX_MSIZE);
                return MAX_MSIZE;
            } else if (number >= SessionOptions.MIN_MSIZE) {
                return (int) number;
            }
        }
        throw NinepinException.usage("option msize=" + value + ": must be a plain number of bytes from "
                + SessionOptions.MIN_MSIZE + " to " + MAX_MSIZE + ", such as msize=" + SessionOptions.DEFAULT_MSIZE);
    }

    private CacheMode cache(final String value) throws NinepinException {
        for (final CacheMode mode : CacheMode.values()) {
            if (mode.name().toLowerCase(Locale.ROOT).equals(value)) {
                v9fs.removeTranslation("cache");
                return mode;
            }
        }
        final Optional<CacheMode> meant = v9fs.cache(value);
        if (meant.isPresent()) {
            return meant.get();
        }
        final String modes = Arrays.stream(CacheMode.values())
                .map(mode -> mode.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        throw NinepinException.usage("option cache=" + value + ": must be one of " + modes);
    }

    private static boolean areRemote(final String locks) throws NinepinException {
        return switch (locks) {
            case "local" -> false;
            case "remote" -> true;
            default -> throw NinepinException.usage("option locks=" + locks + ": must be one of local, remote");
        };
    }

    private static Duration patience(final String seconds) throws NinepinException {
        if (seconds.equals("hard")) {
            return MountOptions.HARD;
        } else if (seconds.matches("[0-9]{1,6}")) {
            return Duration.ofSeconds(Long.parseLong(seconds));
        }
        throw NinepinException.usage(
                "option timeout=" + seconds + ": must be a number of seconds from 0 to 999999, or hard");
    }

    private static DriverKind driver(final String value) throws NinepinException {
        return DriverKind.of(value)
                .orElseThrow(() -> NinepinException.usage("option driver=" + value + ": must be one of "
                        + Arrays.stream(DriverKind.values())
                                .map(DriverKind::optionValue)
                                .collect(Collectors.joining(", "))));
    }

    private static NinepinException unknown(final String name) {
        if (MountOptions.askForRemount(name)) {
            return NinepinException.usage("option remount is for mount(8): mount -o remount,OPTION... DIR");
        }
        final List<String> known = Stream.of(FLAGS, VALUED, IGNORED, KernelFlags.names())
                .flatMap(Set::stream)
                .toList();
        final String own =
                Stream.of(FLAGS, VALUED).flatMap(Set::stream).sorted().collect(Collectors.joining(", "));
        return NinepinException.usage("unknown option " + name
                + Optional.ofNullable(SYNONYMS.get(name))
                        .or(() -> Suggestion.nearest(name, known))
                        .map(near -> ": did you mean " + near + "?")
                        .orElse("; valid options: " + own + ", and the options of mount(8)"));
    }
}
