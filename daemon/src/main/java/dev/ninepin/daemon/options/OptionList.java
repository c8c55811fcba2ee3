package dev.ninepin.daemon.options;

import java.util.ArrayList;
import java.util.List;

/** The syntax of {@code -o}: options separated by commas. */
public final class OptionList {
    /** Splits {@code list} at its commas. As in libmount, a comma between double quotes belongs to the option. */
    public static List<String> split(final String list) {
        final List<String> options = new ArrayList<>();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < list.length(); i++) {
            final char c = list.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                options.add(list.substring(start, i));
                start = i + 1;
            }
        }
        options.add(list.substring(start));
        return options.stream().filter(option -> !option.isEmpty()).toList();
    }

    /** Returns the part of {@code option} before the equals sign, or all of it if it has none. */
    public static String name(final String option) {
        final int equals = option.indexOf('=');
        return equals < 0 ? option : option.substring(0, equals);
    }

    /** Returns the part of {@code option} after the equals sign; empty if it has none. */
    static String value(final String option) {
        final int equals = option.indexOf('=');
        return equals < 0 ? "" : option.substring(equals + 1);
    }

    private OptionList() {}
}
