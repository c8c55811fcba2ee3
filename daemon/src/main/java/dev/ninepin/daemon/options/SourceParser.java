package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The parser for the text of a {@link Source}. */
public final class SourceParser {
    /** HOST or [HOST], with an optional port. */
    private static final Pattern HOST_AND_PORT =
            Pattern.compile("(?:\\[([^\\[\\]]+)]|([^\\[\\]:]+))(?::([0-9]{1,5}))?");

    private static final int MAX_PORT = 65535;

    /** CID and port. Each has at most ten digits and fits in a long. */
    private static final Pattern TWO_NUMBERS = Pattern.compile("([0-9]{1,10}):([0-9]{1,10})");

    /** {@code VMADDR_CID_ANY} and {@code VMADDR_PORT_ANY}, which name no machine and no port. */
    private static final long VSOCK_ANY = 0xffff_ffffL;

    /** The character by which Java replaces command-line bytes that are not UTF-8. */
    private static final char UNDECODABLE = '\ufffd';

    static Source parse(final String text) throws NinepinException {
        final int colon = text.indexOf(':');
        final String scheme = colon < 0 ? "" : text.substring(0, colon);
        final String rest = text.substring(colon + 1);
        if ((colon < 0 || text.startsWith("/")) && SourceHint.isPath(text)) {
            throw SourceHint.ofPath(text);
        }
        final Optional<NinepinException> url = SourceHint.ofUrl(text);
        if (url.isPresent()) {
            throw url.get();
        }
        return switch (scheme) {
            case "qemu" -> qemu(rest);
            case "unix" -> new Source.Unix(path(scheme, rest));
            case "tcp" -> tcp(rest);
            case "vsock" -> vsock(rest);
            case "vio9p" -> new Source.Vio9p(path(scheme, rest));
            case "exec" -> new Source.Exec(CommandWords.split(rest));
            case "", "virtio" -> virtio(rest);
            default -> throw SourceHint.ofScheme(text);
        };
    }

    /** Parses a mount tag or PCI address. A mount tag may hold any bytes, but an empty one names no device. */
    private static Source virtio(final String name) throws NinepinException {
        if (name.isEmpty()) {
            throw NinepinException.usage(
                    "the source virtio: needs a mount tag or a PCI address; ninepin devices lists them");
        }
        if (name.indexOf(UNDECODABLE) >= 0) {
            throw NinepinException.usage("the mount tag " + name
                    + " is not UTF-8: name the device by its address, which" + " ninepin devices shows");
        }
        return new Source.Virtio(name);
    }

    private static Source qemu(final String rest) throws NinepinException {
        final List<String> parts = splitAtSingleCommas(rest);
        final SortedMap<String, String> options = new TreeMap<>();
        for (final String option : parts.subList(1, parts.size())) {
            final int equals = option.indexOf('=');
            if (equals <= 0) {
                throw NinepinException.usage("the source's \"" + option
                        + "\" is not OPTION=VALUE; a comma in the directory's name is written twice");
            }
            if (options.put(option.substring(0, equals), option.substring(equals + 1)) != null) {
                throw NinepinException.usage("the source gives " + option.substring(0, equals) + "= more than once");
            }
        }
        return new Source.Qemu(path("qemu", parts.get(0)), options);
    }

    /** Splits {@code text} at single commas. A double comma stands for a comma within the text. */
    private static List<String> splitAtSingleCommas(final String text) {
        final List<String> parts = new ArrayList<>();
        final StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c != ',') {
                part.append(c);
            } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
                part.append(c);
                i++;
            } else {
                parts.add(part.toString());
                part.setLength(0);
            }
        }
        parts.add(part.toString());
        return parts;
    }

    private static Source tcp(final String rest) throws NinepinException {
        final Matcher matcher = HOST_AND_PORT.matcher(rest);
        if (!matcher.matches()) {
            throw NinepinException.usage("the source tcp:" + rest
                    + " is not tcp:HOST[:PORT]; an IPv6 address goes in brackets, as in tcp:[::1]:564");
        }
        final String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
        final int port = matcher.group(3) == null ? Source.Tcp.DEFAULT_PORT : Integer.parseInt(matcher.group(3));
        if (port == 0 || port > MAX_PORT) {
            throw NinepinException.usage("the source tcp:" + rest + " has no port between 1 and " + MAX_PORT);
        }
        return new Source.Tcp(host, port);
    }

    private static Source vsock(final String rest) throws NinepinException {
        final Matcher matcher = TWO_NUMBERS.matcher(rest);
        if (!matcher.matches()) {
            throw NinepinException.usage(
                    "the source vsock:" + rest + " is not vsock:CID:PORT, two numbers, as in vsock:2:564 for the host");
        }
        final long cid = Long.parseLong(matcher.group(1));
        final long port = Long.parseLong(matcher.group(2));
        if (cid >= VSOCK_ANY || port >= VSOCK_ANY) {
            throw NinepinException.usage("the source vsock:" + rest + " has a number above " + (VSOCK_ANY - 1));
        }
        return new Source.Vsock(cid, port);
    }

    private static Path path(final String scheme, final String text) throws NinepinException {
        if (text.isEmpty()) {
            throw NinepinException.usage("the source " + scheme + ": needs a path: write " + scheme + ":PATH");
        }
        return path(text).toAbsolutePath().normalize();
    }

    /**
     * Converts {@code text} to a path.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if the text is empty or cannot be a path on this system
     */
    public static Path path(final String text) throws NinepinException {
        if (text.isEmpty()) {
            // Path.of would take an empty text for the working directory.
            throw NinepinException.usage("a path is empty: give one; . is this directory");
        }
        if (text.indexOf(UNDECODABLE) >= 0) {
            throw NinepinException.usage("the path " + text + " is not UTF-8, which Ninepin requires: rename it");
        }
        try {
            return Path.of(text);
        } catch (final InvalidPathException e) {
            throw new NinepinException(
                    ExitCode.USAGE,
                    "the path " + text + " has characters that this locale has not: set LC_ALL=C.UTF-8",
                    e);
        }
    }

    private SourceParser() {}
}
