package dev.ninepin.daemon;

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
 * The mounts that this process sees, at one moment. Source: proc_pid_mountinfo(5).
 *
 * @param entries from the first mounted to the last; of several on one directory, the last is the one that is seen
 */
record MountTable(List<MountTable.Entry> entries) {
    /** The type that Ninepin's mounts have. */
    static final String NINEPIN_TYPE = "fuse.ninepin";

    private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");

    /** Where the fields stand: before the {@code -} counted from the start, behind it from there. */
    private static final int DEVICE_FIELD = 2;

    private static final int MOUNT_POINT_FIELD = 4;

    private static final int FIRST_OPTIONAL_FIELD = 6;

    /**
     * One mount.
     *
     * @param device the numbers of the device, {@code major:minor}; file systems without one have major 0
     * @param mountPoint the directory, with no symbolic link in its path
     * @param type of the file system
     * @param source what is mounted, as the file system calls it
     * @param options of the file system, such as {@code user_id=0}
     */
    record Entry(String device, String mountPoint, String type, String source, List<String> options) {
        boolean isNinepin() {
            return type.equals(NINEPIN_TYPE);
        }

        boolean isAutomount() {
            return type.equals("autofs");
        }

        /** Whether the kernel's FUSE connection {@code number} serves this. */
        boolean isConnection(final int number) {
            return device.equals("0:" + number);
        }

        /** Whether the user with the number {@code uid} mounted this, as FUSE notes it. */
        boolean isOf(final long uid) {
            return options.contains("user_id=" + uid);
        }
    }

    static MountTable read() throws IOException {
        return parse(Files.readString(MOUNTINFO, ISO_8859_1));
    }

    /** Reads the table from its text, of which each character is one byte. */
    static MountTable parse(final String mountinfo) {
        // A name may hold a carriage return, which the kernel leaves as it is, and which ends no line here.
        return new MountTable(Arrays.stream(mountinfo.split("\n"))
                .map(MountTable::entry)
                .filter(Objects::nonNull)
                .toList());
    }

    /** What is mounted on exactly this directory. */
    Optional<Entry> at(final Path directory) {
        return entries.stream()
                .filter(entry -> entry.mountPoint().equals(directory.toString()))
                .reduce((first, second) -> second);
    }

    /** As {@link #at}, if that is a mount of Ninepin's. */
    Optional<Entry> ninepinAt(final Path directory) {
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

    /** The kernel writes a space, tab, newline or backslash as three octal digits. */
    private static String unescape(final String field) {
        final String bytes = OCTAL.matcher(field)
                .replaceAll(
                        octal -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))));
        return new String(bytes.getBytes(ISO_8859_1), UTF_8);
    }
}
