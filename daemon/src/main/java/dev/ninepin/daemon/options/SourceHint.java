package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.FileKind;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.ShellText;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Suggestions for a text that is not a valid source. */
final class SourceHint {
    private static final List<String> SCHEMES = List.of("virtio", "qemu", "unix", "tcp", "vsock", "exec", "vio9p");
    private static final String WAY_OUT = "ninepin mount --help lists the sources";

    /** A URL with a host: scheme, host and port, and an optional path. */
    private static final Pattern URL = Pattern.compile("([A-Za-z0-9+.-]+)://([^/]+)(/.*)?");

    private static final Pattern HOST_AND_PORT = Pattern.compile("[^:/]+:[0-9]{1,5}");

    /** HOST:/PATH, the form that NFS and sshfs use. */
    private static final Pattern HOST_AND_PATH = Pattern.compile("([^:/]+):(/.*)");

    /** //HOST/PATH, the form that CIFS uses. */
    private static final Pattern TWO_SLASHES = Pattern.compile("//([^/]+)(/.*)");

    /** Returns the error for a path without a scheme. */
    static NinepinException ofPath(final String text) {
        final Matcher slashes = TWO_SLASHES.matcher(text);
        return switch (kind(text)) {
            case DIRECTORY -> wrong(text, "is a directory: " + didYouMean("qemu:" + text.replace(",", ",,")));
            case SOCKET -> wrong(text, "is a socket: " + didYouMean("unix:" + text));
            case CHARACTER_DEVICE -> wrong(text, "is a character device: " + didYouMean("vio9p:" + text));
            case FILE -> wrong(text, "is a file, which cannot be mounted: " + WAY_OUT);
            case NONE ->
                slashes.matches()
                        ? wrong(text, "has no scheme: " + didYouMean(slashes.group(1), slashes.group(2)))
                        : wrong(
                                text,
                                "is a path without a scheme: qemu:" + text + " exports a directory, unix:" + text
                                        + " connects to a socket");
        };
    }

    /** Returns the error for a text with an unknown scheme. */
    static NinepinException ofScheme(final String text) {
        final int colon = text.indexOf(':');
        final String scheme = text.substring(0, colon).toLowerCase(Locale.ROOT);
        final Matcher path = HOST_AND_PATH.matcher(text);
        final String hint;
        if (HOST_AND_PORT.matcher(text).matches()) {
            hint = didYouMean("tcp:" + text);
        } else if (Suggestion.nearest(scheme, SCHEMES).isPresent()) {
            hint = didYouMean(Suggestion.nearest(scheme, SCHEMES).get() + text.substring(colon));
        } else if (path.matches() && !path.group(2).startsWith("//")) {
            hint = didYouMean(path.group(1), path.group(2));
        } else {
            hint = WAY_OUT + "; a mount tag with a colon is written virtio:" + text;
        }
        return wrong(text, "starts with no known scheme: " + hint);
    }

    /** Returns the error for {@code text} if it is a URL with a host, which no source is; otherwise empty. */
    static Optional<NinepinException> ofUrl(final String text) {
        final Matcher url = URL.matcher(text);
        if (!url.matches()) {
            return Optional.empty();
        }
        final String path = url.group(3) == null ? "" : url.group(3);
        return switch (url.group(1).toLowerCase(Locale.ROOT)) {
            case "tcp", "9p", "9p2000", "9p2000.l", "9p+tcp" ->
                Optional.of(wrong(text, "is a URL: " + didYouMean(url.group(2), path)));
            case "vsock", "virtio" ->
                Optional.of(wrong(text, "is a URL: " + didYouMean(url.group(1) + ":" + url.group(2) + path)));
            // In the other schemes two slashes begin a path, and the text between them and the next slash is part of
            // it.
            default -> Optional.empty();
        };
    }

    /** Returns whether {@code text} has the scheme of a source, and no file of this name exists. */
    static boolean isSource(final String text) {
        final int colon = text.indexOf(':');
        return colon > 0 && SCHEMES.contains(text.substring(0, colon)) && kind(text) == FileKind.NONE;
    }

    /** Returns whether {@code text} may be a mount tag: it is no path, and no file of this name exists. */
    static boolean isTag(final String text) {
        return !text.isEmpty() && !isPath(text) && !text.contains(":") && kind(text) == FileKind.NONE;
    }

    /** Returns whether {@code text} is the path of an existing directory. */
    static boolean isDirectory(final String text) {
        return isPath(text) && kind(text) == FileKind.DIRECTORY;
    }

    /** Returns whether {@code text}, which has no scheme, is a path. Mount tags with a slash are unlikely. */
    static boolean isPath(final String text) {
        return text.contains("/") || text.equals(".") || text.equals("..");
    }

    private static FileKind kind(final String text) {
        try {
            return FileKind.of(Path.of(text));
        } catch (final InvalidPathException e) {
            return FileKind.NONE;
        }
    }

    private static String didYouMean(final String source) {
        return "did you mean " + ShellText.quote(source) + "?";
    }

    private static String didYouMean(final String host, final String tree) {
        final String option = tree.length() <= 1 ? "" : " with -o " + ShellText.quote("aname=" + tree);
        return "did you mean " + ShellText.quote("tcp:" + host) + option + "?";
    }

    private static NinepinException wrong(final String text, final String what) {
        return NinepinException.usage("the source " + text + " " + what);
    }

    private SourceHint() {}
}
