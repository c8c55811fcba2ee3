package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * One mount, as a file {@code mountinfo} of proc(5) shows it.
 *
 * @param id of the mount: no other mount of this kernel has it, in any mount namespace
 * @param connection the minor number of its device, by which the kernel names a FUSE connection; {@link #NO_CONNECTION}
 *     for a file system that is on a real device
 * @param where the directory as the kernel stores it: each character is a byte
 */
record MountInfo(int id, int connection, String where) {
    static final int NO_CONNECTION = -1;

    private static final int ID = 0;
    private static final int DEVICE = 2;
    private static final int WHERE = 4;

    /** File systems without a device of their own have numbers that begin with this. */
    private static final String ANONYMOUS = "0:";

    /** Reads the mounts that {@code process} sees: {@code self}, or a number. */
    static List<MountInfo> of(final String process) throws IOException {
        final List<MountInfo> mounts = new ArrayList<>();
        // A stream, since it reads on when its thread is interrupted: mounts end then, too.
        try (InputStream mountinfo = new FileInputStream("/proc/" + process + "/mountinfo")) {
            // Only a newline ends a line: other ends of lines stand in names as they are.
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

    /** A space and its like stand as a backslash and three octal digits. */
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
