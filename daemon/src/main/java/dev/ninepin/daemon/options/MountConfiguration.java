package dev.ninepin.daemon.options;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * A configuration file for a service, which describes one mount; see ninepin.conf(5). It consists of {@code KEY=VALUE}
 * lines, empty lines, and comments that begin with {@code #}.
 */
final class MountConfiguration {
    private static final List<String> KEYS = List.of("source", "directory", "options", "log");

    private final Path file;
    private @Nullable String source;
    private @Nullable String directory;
    private final List<String> options = new ArrayList<>();
    private Level log = Level.INFO;

    private MountConfiguration(final Path file) {
        this.file = file;
    }

    /**
     * Reads the mount that {@code file} describes.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if the file cannot be read or is invalid; the message names
     *     the file and, for an invalid line, its number
     */
    static MountRequest read(final Path file) throws NinepinException {
        final List<String> lines;
        try {
            lines = Files.readAllLines(file, UTF_8);
        } catch (final NoSuchFileException e) {
            throw new NinepinException(
                    ExitCode.USAGE, "there is no " + file + ": ninepin.conf(5) says what goes into it", e);
        } catch (final CharacterCodingException e) {
            throw new NinepinException(
                    ExitCode.USAGE, file + " is not UTF-8 text, as a configuration file is: ninepin.conf(5)", e);
        } catch (final AccessDeniedException e) {
            throw new NinepinException(
                    ExitCode.USAGE,
                    file + " cannot be read: this user lacks the permission; run as root, or change the file's mode",
                    e);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.USAGE,
                    file + " cannot be read: " + Reason.of(e) + "; name a configuration file, as ninepin.conf(5) says",
                    e);
        }
        final MountConfiguration configuration = new MountConfiguration(file);
        for (int i = 0; i < lines.size(); i++) {
            configuration.take(lines.get(i).strip(), i + 1);
        }
        return configuration.request();
    }

    /**
     * Applies one line. Messages never quote the line: if the file was named by mistake, its contents may be secret.
     */
    private void take(final String line, final int number) throws NinepinException {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        final int equals = line.indexOf('=');
        if (equals < 0) {
            throw wrong(number, "not KEY=VALUE; ninepin.conf(5) says what goes into the file");
        }
        final String key = line.substring(0, equals).strip();
        final String value = line.substring(equals + 1).strip();
        if (value.isEmpty() && KEYS.contains(key)) {
            throw wrong(number, key + " has no value");
        }
        switch (key) {
            case "source" -> source = once(source, value, key, number);
            case "directory" -> directory = once(directory, value, key, number);
            case "options" -> options.add(value);
            case "log" -> log = level(value, number);
            default ->
                throw wrong(
                        number,
                        "unknown key"
                                + Suggestion.nearest(key, KEYS)
                                        .map(near -> ": did you mean " + near + "?")
                                        .orElse("; valid keys: " + String.join(", ", KEYS)));
        }
    }

    private String once(final @Nullable String earlier, final String value, final String key, final int number)
            throws NinepinException {
        if (earlier != null) {
            throw wrong(number, key + " is given a second time");
        }
        return value;
    }

    private Level level(final String value, final int number) throws NinepinException {
        for (final Level level : Level.values()) {
            if (level.name().toLowerCase(Locale.ROOT).equals(value)) {
                return level;
            }
        }
        throw wrong(number, "log=" + value + ": must be one of error, warn, info, debug, trace");
    }

    private MountRequest request() throws NinepinException {
        if (source == null) {
            throw NinepinException.usage(file + " does not say what to mount: source=SOURCE is missing");
        }
        if (directory == null) {
            throw NinepinException.usage(file + " does not say where to mount it: directory=DIR is missing");
        }
        if (!directory.startsWith("/")) {
            throw NinepinException.usage(file + ": directory=" + directory + " must begin with a /");
        }
        try {
            return MountRequest.parse(source, directory, String.join(",", options), log);
        } catch (final NinepinException e) {
            throw new NinepinException(e.exitCode(), file + ": " + e.sentence(), e);
        }
    }

    private NinepinException wrong(final int line, final String what) {
        return NinepinException.usage(file + ", line " + line + ": " + what);
    }
}
