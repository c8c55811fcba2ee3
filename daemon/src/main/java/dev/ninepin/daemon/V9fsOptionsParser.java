package dev.ninepin.daemon;

import dev.ninepin.share.CacheMode;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Reads those options of {@code mount -t 9p} that Ninepin does not have itself. Of use once, by one thread. Source: Linux
 * 6.12 ({@code fs/9p/v9fs.c}, {@code net/9p/client.c}, {@code net/9p/trans_*.c}), and {@code negtimeout} of 2026.
 */
final class V9fsOptionsParser {
    private static final Set<String> WITH_MEANING = Set.of("trans", "port", "version", "noextend", "directio");

    /**
     * They are about what Ninepin has not: authentication, RDMA, a cache on disk, debugging in the kernel, special files
     * of 9P2000.u, inherited descriptors; or are settled otherwise, as the manual says.
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
            "timeout",
            "wfdno");

    private static final String OUR_VERSION = "9p2000.L";
    private static final int MAX_PORT = 65535;

    /** A bit of {@code cache=NUMBER}: the share is the client's alone. */
    private static final long LOOSE_BIT = 8;

    private Optional<String> transport = Optional.empty();
    private OptionalInt port = OptionalInt.empty();
    private boolean given;
    private boolean direct;
    private final SortedMap<String, String> meanings = new TreeMap<>();
    private final SortedSet<String> ignored = new TreeSet<>();

    /** Returns whether {@code name} is one of these options. */
    static boolean isKnown(final String name) {
        return WITH_MEANING.contains(name) || IGNORED.contains(name);
    }

    /**
     * Takes an option that is known.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if Ninepin can't do what it asks for
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

    /** Returns what a value of {@code cache=} means that Ninepin does not have itself; nothing, if it means nothing. */
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

    /** An option that Ninepin has too was given a value that means the same in both. */
    void forget(final String name) {
        meanings.remove(name);
    }

    /** An option is taken to mean something else, since it came with one that only {@code mount -t 9p} knows. */
    void means(final String name, final String sentence) {
        meanings.put(name, sentence);
    }

    /** Returns whether there was any option that only {@code mount -t 9p} knows. */
    boolean isGiven() {
        return given;
    }

    /** Returns whether no data is to be cached, whatever {@code cache=} says. */
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
