package dev.ninepin.virtio;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a user may say about the export of a directory: QEMU's options of {@code -fsdev local}, under their names there.
 *
 * @param values by name; only known names
 */
record QemuOptions(Map<String, String> values) {
    private static final String SECURITY_MODEL = "security_model";
    private static final String WRITEOUT = "writeout";
    private static final String IMMEDIATE = "immediate";
    private static final Set<String> NAMES =
            Set.of(SECURITY_MODEL, "readonly", "fmode", "dmode", "multidevs", WRITEOUT);
    private static final String THROTTLING = "throttling.";

    /** @throws IllegalArgumentException if QEMU's local export has no such option; the message names it */
    QemuOptions {
        for (final String name : values.keySet()) {
            if (!NAMES.contains(name) && !name.startsWith(THROTTLING)) {
                throw new IllegalArgumentException("qemu: has no option '" + name + "'; it has "
                        + String.join(", ", new TreeSet<>(NAMES)) + " and " + THROTTLING + "*");
            }
        }
        // QEMU takes any other value without a word, and does nothing.
        if (!values.getOrDefault(WRITEOUT, IMMEDIATE).equals(IMMEDIATE)) {
            throw new IllegalArgumentException("qemu: takes no writeout=" + values.get(WRITEOUT)
                    + "; the only value is " + WRITEOUT + "=" + IMMEDIATE);
        }
        final Map<String, String> complete = new LinkedHashMap<>();
        // Modes and owners as they are on the host; what QEMU may not set for lack of privilege it passes over.
        complete.put(SECURITY_MODEL, "none");
        complete.putAll(values);
        values = Map.copyOf(complete);
    }

    /** The value of {@code -fsdev}. */
    String fsdev(final String id, final String directory) {
        final String all = new TreeMap<>(values)
                .entrySet().stream()
                        .map(option -> ',' + option.getKey() + '=' + value(option.getValue()))
                        .collect(Collectors.joining());
        return "local,id=" + id + ",path=" + escape(directory) + all;
    }

    /** What to change if QEMU refuses to start for {@code reason}: nothing, if that is not about an option here. */
    String wayOut(final @Nullable String reason) {
        return reason != null && values.keySet().stream().anyMatch(reason::contains)
                ? "; correct the options behind the directory (qemu:DIR,OPTION=VALUE)"
                : "";
    }

    /** An option that only switches something on needs no value on our side, as in {@code mount -o}. */
    private static String value(final String value) {
        return value.isEmpty() ? "on" : escape(value);
    }

    /** A comma ends a value in QEMU's option syntax, unless doubled. */
    private static String escape(final String value) {
        return value.replace(",", ",,");
    }
}
