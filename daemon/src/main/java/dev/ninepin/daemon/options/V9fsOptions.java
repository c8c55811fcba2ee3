package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The options of {@code mount -t 9p}, the kernel's own client, in an option list, and their effect in Ninepin.
 *
 * @param transport the value of {@code trans=}: virtio, tcp or unix
 * @param port the value of {@code port=}, for TCP
 * @param given whether the list has any option that only {@code mount -t 9p} knows
 * @param translations for each translated option, by name, a text that tells the user what it means
 * @param ignored the options without effect
 */
public record V9fsOptions(
        Optional<String> transport,
        OptionalInt port,
        boolean given,
        SortedMap<String, String> translations,
        SortedSet<String> ignored) {
    /** The value for a list without any of these options. */
    static final V9fsOptions NONE =
            new V9fsOptions(Optional.empty(), OptionalInt.empty(), false, new TreeMap<>(), new TreeSet<>());

    private static final Set<String> SCHEMES = Set.of("virtio", "qemu", "unix", "tcp", "vsock", "vio9p", "exec");

    /** A TCP source with a port. */
    private static final Pattern TCP_WITH_PORT = Pattern.compile("tcp:(?:\\[.*]|[^:]*):[0-9]+");

    public V9fsOptions {
        translations = new TreeMap<>(translations);
        ignored = new TreeSet<>(ignored);
    }

    @Override
    public SortedMap<String, String> translations() {
        return new TreeMap<>(translations);
    }

    @Override
    public SortedSet<String> ignored() {
        return new TreeSet<>(ignored);
    }

    /**
     * Parses a source. If the source has no scheme, {@code trans=} and {@code port=} complete it.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if the source is invalid or contradicts {@code port=}
     */
    public Source source(final String text) throws NinepinException {
        final String complete = hasScheme(text) ? text : withScheme(text);
        if (port.isEmpty() || !complete.startsWith("tcp:")) {
            return Source.parse(complete);
        }
        if (!TCP_WITH_PORT.matcher(complete).matches()) {
            return Source.parse(complete + ":" + port.getAsInt());
        }
        final Source source = Source.parse(complete);
        if (source instanceof Source.Tcp tcp && tcp.port() != port.getAsInt()) {
            throw NinepinException.usage(
                    "option port=" + port.getAsInt() + " and the source " + text + " name two ports: leave one out");
        }
        return source;
    }

    private String withScheme(final String text) {
        final String scheme = transport.orElse(port.isPresent() ? "tcp" : "");
        if (scheme.equals("tcp") && text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[")) {
            return "tcp:[" + text + "]"; // An IPv6 address.
        }
        return scheme.isEmpty() ? text : scheme + ":" + text;
    }

    private static boolean hasScheme(final String text) {
        final int colon = text.indexOf(':');
        return colon > 0 && SCHEMES.contains(text.substring(0, colon));
    }

    /**
     * Returns one line for the user about all these options; empty if each has the same effect as with {@code mount -t
     * 9p}.
     *
     * @param text the source as given
     * @param source the parsed source
     * @param allowOther whether the mount has {@code allow_other}
     */
    Optional<String> note(final String text, final Source source, final boolean allowOther) {
        final SortedMap<String, String> said = translations();
        final SortedSet<String> unused = ignored();
        if (transport.isPresent() && !source.toString().startsWith(transport.get() + ":")) {
            unused.add("trans=" + transport.get());
        } else if (transport.isPresent() && !hasScheme(text)) {
            said.put("trans", "trans=" + transport.get() + " means the source " + source);
        }
        if (port.isPresent() && !(source instanceof Source.Tcp)) {
            unused.add("port=" + port.getAsInt());
        } else if (port.isPresent()) {
            said.putIfAbsent("trans", "port=" + port.getAsInt() + " means the source " + source);
        }
        final StringBuilder line = new StringBuilder(String.join(", ", said.values()));
        if (!unused.isEmpty()) {
            line.append(line.isEmpty() ? "" : "; ").append("ignored: ").append(String.join(", ", unused));
        }
        if (given && !allowOther) {
            line.append(line.isEmpty() ? "" : "; ")
                    .append("without allow_other,default_permissions, only this user may use the mount");
        }
        return line.isEmpty() ? Optional.empty() : Optional.of("options of mount -t 9p: " + line);
    }
}
