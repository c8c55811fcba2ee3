package dev.ninepin.daemon.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of the mounts in this process's mount namespace. Source: proc_pid_mountinfo(5).
 *
 * @param entries the mounts in mount order; of several on one directory, the last is visible
 */
public record MountTable(List<MountTable.Entry> entries) {
    /** The file system type of Ninepin's mounts. */
    static final String NINEPIN_TYPE = "fuse.ninepin";

    private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");

    /**
     * Indexes of fields. The type and the fields after it are located by their distance from the {@code -} separator.
     */
    private static final int DEVICE_FIELD = 2;

    private static final int MOUNT_POINT_FIELD = 4;

    private static final int FIRST_OPTIONAL_FIELD = 6;

    /**
     * One mount.
     *
     * @param device the device number as {@code major:minor}; the major number is 0 without a block device
     * @param mountPoint the directory, without symbolic links in its path
     * @param type the file system type
     * @param source the source, in the file system's own form
     * @param options the options of the file system, such as {@code user_id=0}
     */
    public record Entry(String device, String mountPoint, String type, String source, List<String> options) {
        public boolean isNinepin() {
            return type.equals(NINEPIN_TYPE);
        }

        boolean isAutomount() {
            return type.equals("autofs");
        }

        /** Returns whether FUSE connection {@code number} serves this mount. */
        public boolean isConnection(final int number) {
            return device.equals("0:" + number);
        }

        /** Returns whether the user with ID {@code uid} made this mount, according to FUSE's option {@code user_id}. */
        public boolean isOf(final long uid) {
            return options.contains("user_id=" + uid);
        }
    }

    public static MountTable read() throws IOException {
        return parse(Files.readString(MOUNTINFO, ISO_8859_1));
    }

    /** Parses the table. Each character of the text stands for one byte. */
    static MountTable parse(final String mountinfo) {
        // The kernel does not escape a carriage return in a name. It must not end a line, so the text is split at
        // newlines only.
        return new MountTable(Arrays.stream(mountinfo.split("\n"))
                .map(MountTable::entry)
                .filter(Objects::nonNull)
                .toList());
    }

    /** Returns the visible mount on exactly this directory. */
    Optional<Entry> at(final Path directory) {
        return entries.stream()
                .filter(entry -> entry.mountPoint().equals(directory.toString()))
                .reduce((first, second) -> second);
    }

    /** Returns the visible mount on exactly this directory if it is a Ninepin mount. */
    public Optional<Entry> ninepinAt(final Path directory) {
        return at(directory).filter(Entry::isNinepin);
    }

    private static @Nullable Entry entry(final String line) {
        final List<String> fields = Arrays.asList(line.split(" "));
        if (fields.size() < FIRST_OPTIONAL_FIELD) {
            return null;
        }
        final int dash = fields.subList(FIRST_OPTIONAL_FIELD, fields.size()).indexOf("-") + FIRST_OPTIONAL_FIELD;
        if (dash < FIRST_OPTIONAL_FIELD || fields.size() < dash + 4) {
            return null;
        }
        return new Entry(
                fields.get(DEVICE_FIELD),
                unescape(fields.get(MOUNT_POINT_FIELD)),
                fields.get(dash + 1),
                unescape(fields.get(dash + 2)),
                List.of(fields.get(dash + 3).split(",")));
    }

    /** Replaces the kernel's escapes: a space, tab, newline or backslash is written as three octal digits. */
    private static String unescape(final String field) {
        final String bytes = OCTAL.matcher(field)
                .replaceAll(
                        octal -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))));
        return new String(bytes.getBytes(ISO_8859_1), UTF_8);
    }
}
