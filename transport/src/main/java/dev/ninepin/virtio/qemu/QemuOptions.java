package dev.ninepin.virtio.qemu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The user's options for the export of a directory, by the names that QEMU's {@code -fsdev local} gives them.
 *
 * @param values the values by name; only known names
 */
record QemuOptions(Map<String, String> values) {
    private static final String SECURITY_MODEL = "security_model";
    private static final String WRITEOUT = "writeout";
    private static final String IMMEDIATE = "immediate";
    private static final Set<String> NAMES =
            Set.of(SECURITY_MODEL, "readonly", "fmode", "dmode", "multidevs", WRITEOUT);
    private static final String THROTTLING = "throttling.";

    /** @throws IllegalArgumentException if QEMU's local export has no such option; the message names the option */
    QemuOptions {
        for (final String name : values.keySet()) {
            if (!NAMES.contains(name) && !name.startsWith(THROTTLING)) {
                throw new IllegalArgumentException("qemu: has no option '" + name + "'; it has "
                        + String.join(", ", new TreeSet<>(NAMES)) + " and " + THROTTLING + "*");
            }
        }
        // QEMU silently accepts any other value, and ignores it.
        if (!values.getOrDefault(WRITEOUT, IMMEDIATE).equals(IMMEDIATE)) {
            throw new IllegalArgumentException("qemu: invalid value writeout=" + values.get(WRITEOUT)
                    + "; the only valid value is " + WRITEOUT + "=" + IMMEDIATE);
        }
        final Map<String, String> complete = new LinkedHashMap<>();
        // Files show the modes and owners that they have on the host. QEMU ignores a failure to set one for lack of
        // privilege.
        complete.put(SECURITY_MODEL, "none");
        complete.putAll(values);
        values = Map.copyOf(complete);
    }

    /** Returns the value of QEMU's argument {@code -fsdev}. */
    String fsdev(final String id, final String directory) {
        final String all = new TreeMap<>(values)
                .entrySet().stream()
                        .map(option -> ',' + option.getKey() + '=' + value(option.getValue()))
                        .collect(Collectors.joining());
        return "local,id=" + id + ",path=" + escape(directory) + all;
    }

    /**
     * Returns a hint for the user if QEMU's reason for not starting names one of the options; otherwise an empty
     * string.
     */
    String hintFor(final @Nullable String reason) {
        return reason != null && values.keySet().stream().anyMatch(reason::contains)
                ? "; correct the options after the directory (qemu:DIR,OPTION=VALUE)"
                : "";
    }

    /** Returns the value in QEMU's syntax. An option without a value, as in {@code mount -o}, means "on". */
    private static String value(final String value) {
        return value.isEmpty() ? "on" : escape(value);
    }

    /** Doubles commas: in QEMU's option syntax a single comma ends a value. */
    private static String escape(final String value) {
        return value.replace(",", ",,");
    }
}
