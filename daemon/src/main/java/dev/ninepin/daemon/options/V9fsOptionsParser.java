package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.operations.CacheMode;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A parser for the options of {@code mount -t 9p} that Ninepin itself does not have. Not thread-safe; each instance
 * parses one list. Source: Linux 6.12 ({@code fs/9p/v9fs.c}, {@code net/9p/client.c}, {@code net/9p/trans_*.c}), and
 * {@code negtimeout} of 2026.
 */
final class V9fsOptionsParser {
    private static final Set<String> WITH_MEANING = Set.of("trans", "port", "version", "noextend", "directio");

    /**
     * Options without effect. They concern features that Ninepin does not have: authentication, RDMA, a cache on disk,
     * kernel debugging, special files of 9P2000.u, and inherited descriptors. Some are settled in another way, which
     * the manual describes.
     */
    private static final Set<String> IGNORED = Set.of(
            "afid",
            "cachetag",
            "debug",
            "dfltgid",
            "dfltuid",
            "ignoreqv",
            "locktimeout",
            "negtimeout",
            "nodevmap",
            "posixacl",
            "privport",
            "rfdno",
            "rq",
            "sq",
            "wfdno");

    private static final String OUR_VERSION = "9p2000.L";
    private static final int MAX_PORT = 65535;

    /** The bit of {@code cache=NUMBER} that asks for the loose mode, in which no other client changes the share. */
    private static final long LOOSE_BIT = 8;

    private Optional<String> transport = Optional.empty();
    private OptionalInt port = OptionalInt.empty();
    private boolean given;
    private boolean direct;
    private final SortedMap<String, String> meanings = new TreeMap<>();
    private final SortedSet<String> ignored = new TreeSet<>();

    /** Returns whether {@code name} is an option that this class reads. */
    static boolean isKnown(final String name) {
        return WITH_MEANING.contains(name) || IGNORED.contains(name);
    }

    /**
     * Applies an option for which {@link #isKnown} is true.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if Ninepin cannot do what the option asks for
     */
    void take(final String option) throws NinepinException {
        final String name = OptionList.name(option);
        final String value = OptionList.value(option);
        given = true;
        switch (name) {
            case "trans" -> transport = Optional.of(transport(value));
            case "port" -> port = OptionalInt.of(port(value));
            case "version" -> requireOurVersion(value);
            case "noextend" ->
                throw NinepinException.usage("option noextend asks for plain 9P2000, and Ninepin speaks 9P2000.L only");
            case "directio" -> {
                direct = true;
                meanings.put(name, "directio means cache=none");
            }
            default -> ignored.add(option);
        }
    }

    private static String transport(final String value) throws NinepinException {
        return switch (value) {
            case "virtio", "tcp", "unix" -> value;
            case "fd" ->
                throw NinepinException.usage("option trans=fd hands over descriptors, which Ninepin does not take:"
                        + " name the server instead, as unix:PATH, tcp:HOST or exec:COMMAND");
            case "rdma", "xen", "usbg" ->
                throw NinepinException.usage(
                        "option trans=" + value + ": Ninepin has no such transport, only virtio, tcp and unix");
            default -> throw NinepinException.usage("option trans=" + value + ": must be one of virtio, tcp, unix");
        };
    }

    private static int port(final String value) throws NinepinException {
        if (value.matches("[0-9]{1,5}")) {
            final int number = Integer.parseInt(value);
            if (number > 0 && number <= MAX_PORT) {
                return number;
            }
        }
        throw NinepinException.usage("option port=" + value + ": must be a number from 1 to " + MAX_PORT);
    }

    private static void requireOurVersion(final String value) throws NinepinException {
        if (!value.equalsIgnoreCase(OUR_VERSION)) {
            throw NinepinException.usage("option version=" + value + ": Ninepin speaks " + OUR_VERSION
                    + " only; leave the option out if the server speaks that too");
        }
    }

    /** Translates a {@code cache=} value that only {@code mount -t 9p} has. Returns empty if the value is unknown. */
    Optional<CacheMode> cache(final String value) {
        final Optional<CacheMode> mode =
                switch (value) {
                    case "readahead", "mmap" -> Optional.of(CacheMode.OPEN);
                    case "fscache" -> Optional.of(CacheMode.LOOSE);
                    default -> cacheOfNumber(value);
                };
        mode.ifPresent(each -> {
            given = true;
            meanings.put(
                    "cache", "cache=" + value + " means cache=" + each.name().toLowerCase(Locale.ROOT));
        });
        return mode;
    }

    private static Optional<CacheMode> cacheOfNumber(final String value) {
        final long bits;
        try {
            bits = Long.decode(value);
        } catch (final NumberFormatException e) {
            return Optional.empty();
        }
        if (bits < 0) {
            return Optional.empty();
        } else if (bits == 0) {
            return Optional.of(CacheMode.NONE);
        }
        return Optional.of((bits & LOOSE_BIT) != 0 ? CacheMode.LOOSE : CacheMode.OPEN);
    }

    /**
     * Removes the translation of {@code name}, after a value that means the same in Ninepin and {@code mount -t 9p}.
     */
    void removeTranslation(final String name) {
        meanings.remove(name);
    }

    /**
     * Records a translation, to be shown to the user.
     *
     * @param name the option
     * @param sentence what Ninepin does with it
     */
    void recordTranslation(final String name, final String sentence) {
        meanings.put(name, sentence);
    }

    /** Returns whether the list had an option that only {@code mount -t 9p} knows. */
    boolean isGiven() {
        return given;
    }

    /** Returns whether caching is off regardless of {@code cache=}. */
    boolean isDirect() {
        return direct;
    }

    V9fsOptions options() {
        if (direct) {
            meanings.remove("cache");
        }
        return new V9fsOptions(transport, port, given, meanings, ignored);
    }
}
