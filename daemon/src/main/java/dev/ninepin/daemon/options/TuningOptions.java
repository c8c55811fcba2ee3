package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.fuse.mount.KernelLimits;
import dev.ninepin.fuse.mount.ReadAhead;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The options in one list that tune the kernel's caches and requests. Their names are those of mount.fuse3(8) and
 * sshfs(1), except for {@code readahead} and {@code no_writeback}. Not thread-safe.
 */
final class TuningOptions {
    /** The options without a value. */
    static final Set<String> FLAGS = Set.of("writeback", "no_writeback");

    /** The options with a value. libfuse 2 calls {@code readahead} {@code max_readahead}. */
    static final Set<String> VALUED = Set.of(
            "attr_timeout",
            "entry_timeout",
            "negative_timeout",
            "max_read",
            "readahead",
            "max_readahead",
            "max_background");

    private static final int MOST_SECONDS = 999_999_999;
    private static final int MOST_BACKGROUND = 65535;
    private static final int PAGE = 4096;

    /** The timeouts that are given, by option, in seconds. */
    private final Map<String, String> timeouts = new LinkedHashMap<>();

    private boolean writeback;
    private boolean noWriteback;
    private int maxRead = KernelLimits.DEFAULT.maxRead();
    private OptionalInt readahead = KernelLimits.DEFAULT.readahead();
    private int maxBackground = KernelLimits.DEFAULT.maxBackground();

    /** Applies one of {@link #FLAGS}. */
    void take(final String name) {
        writeback = name.equals("writeback");
        noWriteback = !writeback;
    }

    /**
     * Applies one of {@link #VALUED}.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if the value is invalid
     */
    void take(final String name, final String value) throws NinepinException {
        switch (name) {
            case "max_read" -> {
                final int bytes = number(name, value, KernelLimits.LEAST_READ, KernelLimits.LARGEST_READ, "bytes");
                maxRead = bytes - bytes % PAGE;
            }
            case "readahead", "max_readahead" ->
                readahead = OptionalInt.of(number(name, value, 0, ReadAhead.MOST, "bytes"));
            case "max_background" -> maxBackground = number(name, value, 1, MOST_BACKGROUND, "requests");
            default -> {
                if (!value.matches("[0-9]{1,9}(\\.[0-9]{1,9})?|\\.[0-9]{1,9}")) {
                    throw NinepinException.usage("option " + name + "=" + value + ": must be a number of seconds from 0"
                            + " to " + MOST_SECONDS + ", such as " + name + "=30 or " + name + "=0.5");
                }
                timeouts.put(name, value);
            }
        }
    }

    /** Parses a number. Lowers one above {@code most} to {@code most}, as is done with msize. */
    private static int number(final String name, final String value, final int least, final int most, final String unit)
            throws NinepinException {
        if (value.matches("[0-9]{1,10}")) {
            final long number = Long.parseLong(value);
            if (number >= least) {
                return (int) Math.min(number, most);
            }
        }
        throw NinepinException.usage("option " + name + "=" + value + ": must be a plain number of " + unit + " from "
                + least + " to " + most);
    }

    /**
     * Returns the timeouts of a mount with this cache mode.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if an option contradicts the cache mode
     */
    Timeouts timeouts(final CacheMode cache) throws NinepinException {
        for (final Map.Entry<String, String> each : timeouts.entrySet()) {
            if (cache == CacheMode.NONE && !seconds(each.getValue()).isZero()) {
                throw contradiction(each.getKey() + "=" + each.getValue());
            }
        }
        final Timeouts usual = Timeouts.of(cache);
        return new Timeouts(
                timeout("attr_timeout", usual.attributes()),
                timeout("entry_timeout", usual.names()),
                timeout("negative_timeout", usual.absences()));
    }

    private Duration timeout(final String name, final Duration usual) {
        final String given = timeouts.get(name);
        return given == null ? usual : seconds(given);
    }

    private static Duration seconds(final String value) {
        return Duration.ofNanos(new BigDecimal(value).movePointRight(9).longValueExact());
    }

    /**
     * Returns whether write(2) may return before the server has answered.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if an option contradicts the cache mode
     */
    boolean writesBehind(final CacheMode cache) throws NinepinException {
        if (cache == CacheMode.NONE && writeback) {
            throw contradiction("writeback");
        }
        return cache != CacheMode.NONE && !noWriteback;
    }

    private static NinepinException contradiction(final String option) {
        return NinepinException.usage(
                "option " + option + " contradicts cache=none, which asks the server each time and"
                        + " waits for each write: leave one of them out");
    }

    /** Returns the limits on the kernel's requests. */
    KernelLimits limits() {
        return new KernelLimits(maxRead, readahead, maxBackground);
    }
}
