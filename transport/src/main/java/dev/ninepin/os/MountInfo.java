package dev.ninepin.os;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * One line of a {@code mountinfo} file of proc(5), which describes one mount.
 *
 * @param id the mount's ID, unique on this kernel across all mount namespaces
 * @param connection the minor number of the mount's device, which is also the number of a FUSE connection; {@link
 *     #NO_CONNECTION} for a file system on a real device
 * @param where the mount's directory as the kernel stores it: each character is one byte
 */
public record MountInfo(int id, int connection, String where) {
    static final int NO_CONNECTION = -1;

    private static final int ID = 0;
    private static final int DEVICE = 2;
    private static final int WHERE = 4;

    /** The major number, with its colon, of file systems without a device of their own. */
    private static final String ANONYMOUS = "0:";

    /**
     * Reads the mounts that a process sees.
     *
     * @param process the process's ID in decimal, or {@code self}
     * @throws IOException if there is no such process or its file cannot be read
     */
    public static List<MountInfo> of(final String process) throws IOException {
        final List<MountInfo> mounts = new ArrayList<>();
        // A stream keeps reading when its thread is interrupted, and mounts must also end on an interrupted thread.
        try (InputStream mountinfo = new FileInputStream("/proc/" + process + "/mountinfo")) {
            // Only a newline ends a line; a name may hold other line terminators.
            for (final String line : new String(mountinfo.readAllBytes(), ISO_8859_1).split("\n", -1)) {
                final String[] columns = line.split(" ", -1);
                if (columns.length > WHERE) {
                    mounts.add(new MountInfo(
                            Integer.parseInt(columns[ID]), connection(columns[DEVICE]), unescape(columns[WHERE])));
                }
            }
        }
        return mounts;
    }

    private static int connection(final String device) {
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
