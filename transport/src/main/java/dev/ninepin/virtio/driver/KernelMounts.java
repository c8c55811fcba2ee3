package dev.ninepin.virtio.driver;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A snapshot of the mounts of the kernel's 9p client, read from the mount namespaces of all processes.
 *
 * <p>Some mounts are in no mount table:
 *
 * <ul>
 *   <li>a mount that is still being made;
 *   <li>a mount that {@code umount -l} detached while it was in use;
 *   <li>a mount in a namespace without a process.
 * </ul>
 *
 * <p>Their number is known nevertheless, because the kernel counts its 9p clients. Source: Linux,
 * proc_pid_mountinfo(5), fs/9p/vfs_super.c, net/9p/client.c.
 *
 * @param mounts the visible mounts, each once; mounts in this process's namespace first
 * @param hidden the number of mounts in no mount table; each may use any device
 */
record KernelMounts(List<KernelMounts.Mount> mounts, int hidden) {
    private static final String MODULE = "sys/module/" + KernelUses.KERNEL_9P;
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");
    private static final Pattern PROCESS = Pattern.compile("[0-9]+");
    private static final String SELF = "self";

    /** The indexes of a line's fields: three before the separator, then two after it. */
    private static final int ID_FIELD = 0;

    private static final int FILE_SYSTEM_FIELD = 2;
    private static final int MOUNT_POINT_FIELD = 4;
    private static final int SOURCE_FIELD = 0;
    private static final int OPTIONS_FIELD = 1;

    private static final String SEPARATOR = " - 9p ";

    /**
     * A mount of a 9p file system.
     *
     * @param id the mount ID, unique among the mounts of all namespaces
     * @param fileSystem the device number of the file system, which bind mounts share
     * @param source the mount's source: for a virtio mount, the mount tag
     * @param overVirtio whether the mount's transport is virtio
     * @param place the mount point, and its namespace
     */
    record Mount(String id, String fileSystem, ByteString source, boolean overVirtio, Place place) {}

    /** The mount point of a mount, and the process in whose mount namespace it was found. */
    record Place(String mountPoint, String process) {
        boolean isInOwnNamespace() {
            return process.equals(SELF);
        }

        @Override
        public String toString() {
            return isInOwnNamespace()
                    ? mountPoint
                    : mountPoint + " (in the mount name space of process " + process + ")";
        }
    }

    /**
     * Reads the mounts of all mount namespaces.
     *
     * @param root the root of the file system: {@code /}, or a test's directory
     */
    static KernelMounts read(final Path root) throws IOException {
        final List<Mount> mounts = new ArrayList<>();
        final Set<String> ids = new HashSet<>();
        for (final Path process : processes(root.resolve("proc"))) {
            for (final Mount mount : readTable(process)) {
                if (ids.add(mount.id())) {
                    mounts.add(mount);
                }
            }
        }
        // Counted last, so that a mount made during the reading counts as hidden.
        return new KernelMounts(List.copyOf(mounts), Math.max(0, countHidden(root, mounts)));
    }

    /**
     * Returns the mount points of devices with the mount tag {@code tag} in this process's namespace. Returns mount
     * points in other namespaces only if there are none in its own.
     */
    List<String> findMountPoints(final ByteString tag) {
        final List<Place> places = mounts.stream()
                .filter(mount -> mount.overVirtio() && mount.source().equals(tag))
                .map(Mount::place)
                .toList();
        final boolean here = places.stream().anyMatch(Place::isInOwnNamespace);
        return places.stream()
                .filter(place -> place.isInOwnNamespace() == here)
                .map(Place::toString)
                .toList();
    }

    private static List<Path> processes(final Path proc) throws IOException {
        final List<Path> processes = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(
                proc, each -> PROCESS.matcher(each.getFileName().toString()).matches())) {
            all.forEach(processes::add);
        }
        processes.sort(Comparator.comparingLong(
                each -> Long.parseLong(each.getFileName().toString())));
        processes.add(0, proc.resolve(SELF));
        return processes;
    }

    private static List<Mount> readTable(final Path process) {
        final String table;
        try {
            table = Files.readString(process.resolve("mountinfo"), ISO_8859_1);
        } catch (final IOException e) {
            // The process has ended.
            return List.of();
        }
        return Arrays.stream(table.split("\n"))
                .filter(line -> line.contains(SEPARATOR))
                .map(line -> parse(line, process.getFileName().toString()))
                .toList();
    }

    private static Mount parse(final String line, final String process) {
        final int separator = line.indexOf(SEPARATOR);
        final String[] before = line.substring(0, separator).split(" ", -1);
        final String[] behind = line.substring(separator + SEPARATOR.length()).split(" ", -1);
        final List<String> options = List.of(behind[OPTIONS_FIELD].split(","));
        return new Mount(
                before[ID_FIELD],
                before[FILE_SYSTEM_FIELD],
                ByteString.copyOf(unescape(behind[SOURCE_FIELD])),
                // Old kernels show the transport only if the mount's options named it. Their default is virtio.
                options.contains("trans=virtio") || options.stream().noneMatch(option -> option.startsWith("trans=")),
                new Place(new String(unescape(before[MOUNT_POINT_FIELD]), UTF_8), process));
    }

    /**
     * Decodes the kernel's octal escapes: it writes a space, tab, newline or backslash as a backslash and three octal
     * digits.
     */
    private static byte[] unescape(final String field) {
        return OCTAL.matcher(field)
                .replaceAll(
                        octal -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))))
                .getBytes(ISO_8859_1);
    }

    /** Counts the file systems that no mount table shows. The module's reference count counts its clients. */
    private static int countHidden(final Path root, final List<Mount> mounts) throws IOException {
        final Path references = root.resolve(MODULE).resolve("refcnt");
        return Files.exists(references)
                ? Integer.parseInt(Files.readString(references).strip()) - countFileSystems(mounts, Mount::overVirtio)
                : countBackings(root) - countFileSystems(mounts, mount -> true);
    }

    private static int countFileSystems(final List<Mount> mounts, final Predicate<Mount> which) {
        return (int)
                mounts.stream().filter(which).map(Mount::fileSystem).distinct().count();
    }

    /**
     * Counts the mounted 9p file systems by their backing devices, {@code 9p-N}, one for each. Needed if the kernel's
     * 9p is not a module, and so has no count of its clients.
     */
    private static int countBackings(final Path root) throws IOException {
        final Path backings = root.resolve("sys/class/bdi");
        int count = 0;
        if (Files.isDirectory(backings)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(backings, "9p-*")) {
                for (final Path ignored : all) {
                    count++;
                }
            }
        }
        return count;
    }
}
