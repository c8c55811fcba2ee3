package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ninepin.os.MountInfo;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Another mount of the same file system: a bind mount, or a copy in another mount namespace. The file system lives as
 * long as one of its mounts does.
 *
 * @param mountPoint the mount's directory, as processes in its mount namespace see it
 * @param pid a process in that namespace; null for the namespace of this process
 * @param command the command name of that process; null for the namespace of this process
 */
public record MountCopy(
        String mountPoint, @Nullable Long pid, @Nullable String command) {
    private static final Path PROC = Path.of("/proc");

    /**
     * Returns the mounts of a FUSE connection in all mount namespaces that have a process.
     *
     * @param connection the number of the connection
     * @param except the mount point whose mount in this process's namespace is left out
     * @throws IOException if this process's own mounts or the list of processes cannot be read
     */
    public static List<MountCopy> find(final int connection, final MountPoint except) throws IOException {
        final List<MountCopy> copies = new ArrayList<>();
        final Set<Integer> seen = new HashSet<>();
        for (final MountInfo mount : MountInfo.of("self")) {
            if (mount.connection() == connection && seen.add(mount.id()) && !except.isAt(mount)) {
                copies.add(new MountCopy(MountInfo.decode(mount.where()), null, null));
            }
        }
        final Set<String> views = new HashSet<>(Set.of(mountTableKey(PROC.resolve("self"))));
        for (final long pid : processes()) {
            final Path process = PROC.resolve(Long.toString(pid));
            try {
                // Reads each mount table once: reading a long table for each of a thousand processes would take
                // seconds.
                final String view = mountTableKey(process);
                if (!view.isEmpty() && !views.add(view)) {
                    continue;
                }
                for (final MountInfo mount : MountInfo.of(Long.toString(pid))) {
                    if (mount.connection() == connection && seen.add(mount.id())) {
                        copies.add(new MountCopy(MountInfo.decode(mount.where()), pid, command(process)));
                    }
                }
            } catch (final IOException e) {
                // The process has ended in the meantime, or this process may not read its mounts.
            }
        }
        return copies;
    }

    private static List<Long> processes() throws IOException {
        final List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
            all.forEach(process -> pids.add(Long.valueOf(process.getFileName().toString())));
        }
        pids.sort(Comparator.naturalOrder());
        return pids;
    }

    /**
     * Returns a key that is the same for processes with the same mount table: the mount namespace and the root
     * directory. Returns an empty string if this process may not read them.
     */
    private static String mountTableKey(final Path process) {
        try {
            return Files.readSymbolicLink(process.resolve("ns/mnt")) + " "
                    + Files.readSymbolicLink(process.resolve("root"));
        } catch (final IOException e) {
            return "";
        }
    }

    private static String command(final Path process) throws IOException {
        return MountInfo.decode(
                Files.readString(process.resolve("comm"), ISO_8859_1).strip());
    }
}
