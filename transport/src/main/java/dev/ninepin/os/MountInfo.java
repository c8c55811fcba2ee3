package dev.ninepin.os;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One line of a {@code mountinfo} file, which describes one mount. In its texts, each character is one byte, as the
 * kernel stores it. Source: proc_pid_mountinfo(5).
 *
 * @param id the mount's ID, unique on this kernel across all mount namespaces
 * @param device the device number of the file system as {@code major:minor}; bind mounts share it
 * @param where the mount's directory, without symbolic links in its path
 * @param type the file system type
 * @param source the source, in the file system's own form
 * @param options the options of the file system, such as {@code user_id=0}
 */
public record MountInfo(int id, String device, String where, String type, String source, List<String> options) {
    static final int NO_CONNECTION = -1;

    /**
     * Indexes of fields. The type and the fields after it are located by their distance from the {@code -} separator.
     */
    private static final int ID = 0;

    private static final int DEVICE = 2;
    private static final int WHERE = 4;
    private static final int FIRST_OPTIONAL = 6;
    private static final int TYPE = 1;
    private static final int SOURCE = 2;
    private static final int OPTIONS = 3;

    /** The major number, with its colon, of file systems without a device of their own. */
    private static final String ANONYMOUS = "0:";

    /**
     * Reads the mounts that a process sees, in mount order.
     *
     * @param process the process's ID in decimal, or {@code self}
     * @throws IOException if there is no such process or its file cannot be read
     */
    public static List<MountInfo> of(final String process) throws IOException {
        return read(Path.of("/proc", process, "mountinfo"));
    }

    /** Reads a {@code mountinfo} file as {@link #of} does. */
    public static List<MountInfo> read(final Path file) throws IOException {
        // A stream keeps reading when its thread is interrupted, and mounts must also end on an interrupted thread.
        try (InputStream mountinfo = new FileInputStream(file.toFile())) {
            return parse(new String(mountinfo.readAllBytes(), ISO_8859_1));
        }
    }

    /** Parses the lines of a {@code mountinfo} file. Each character of the text stands for one byte. */
    public static List<MountInfo> parse(final String text) {
        final List<MountInfo> mounts = new ArrayList<>();
        // Only a newline ends a line; a name may hold other line terminators.
        for (final String line : text.split("\n", -1)) {
            final List<String> fields = Arrays.asList(line.split(" ", -1));
            final int dash = fields.size() < FIRST_OPTIONAL
                    ? -1
                    : fields.subList(FIRST_OPTIONAL, fields.size()).indexOf("-") + FIRST_OPTIONAL;
            if (dash >= FIRST_OPTIONAL && fields.size() > dash + OPTIONS) {
                mounts.add(new MountInfo(
                        Integer.parseInt(fields.get(ID)),
                        fields.get(DEVICE),
                        unescape(fields.get(WHERE)),
                        fields.get(dash + TYPE),
                        unescape(fields.get(dash + SOURCE)),
                        List.of(fields.get(dash + OPTIONS).split(","))));
            }
        }
        return mounts;
    }

    /** Returns the text that the bytes of a field encode in UTF-8. */
    public static String decode(final String field) {
        return new String(field.getBytes(ISO_8859_1), UTF_8);
    }

    /**
     * Returns the minor number of the mount's device, which is also the number of a FUSE connection; {@link
     * #NO_CONNECTION} for a file system on a real device.
     */
    public int connection() {
        return device.startsWith(ANONYMOUS) ? Integer.parseInt(device.substring(ANONYMOUS.length())) : NO_CONNECTION;
    }

    /**
     * Decodes the kernel's escapes: a backslash and three octal digits stand for a space, tab, newline or backslash.
     */
    private static String unescape(final String text) {
        final StringBuilder plain = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            if (text.charAt(i) == '\\' && i + 4 <= text.length()) {
                plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 4;
            } else {
                plain.append(text.charAt(i));
                i++;
            }
        }
        return plain.toString();
    }
}
