package dev.ninepin.virtio;

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
 * The mounts of the kernel's 9p client at one moment, from the mount name spaces of all processes.
 *
 * <p>Some mounts stand in no mount table: one that is being made, one that {@code umount -l} detached while in use, one in
 * a name space without a process. The kernel counts its clients, so the number of these is known. Source: Linux,
 * proc_pid_mountinfo(5), fs/9p/vfs_super.c, net/9p/client.c.
 *
 * @param mounts each once, those of this process's name space first
 * @param hidden how many more there are, which may use any device
 */
record KernelMounts(List<KernelMounts.Mount> mounts, int hidden) {
    private static final String MODULE = "sys/module/" + KernelUses.KERNEL_9P;
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");
    private static final Pattern PROCESS = Pattern.compile("[0-9]+");
    private static final String SELF = "self";

    /** Where fields stand before the separator, and behind it. */
    private static final int ID_FIELD = 0;

    private static final int FILE_SYSTEM_FIELD = 2;
    private static final int MOUNT_POINT_FIELD = 4;
    private static final int SOURCE_FIELD = 0;
    private static final int OPTIONS_FIELD = 1;

    private static final String SEPARATOR = " - 9p ";

    /**
     * A mount of a 9p file system.
     *
     * @param id unique among the mounts of all name spaces
     * @param fileSystem the number of the file system, which bind mounts share
     * @param source the mount tag, if over virtio
     * @param overVirtio whether its transport is virtio
     * @param place the mount point, and in which name space it is, if not in this process's
     */
    record Mount(String id, String fileSystem, ByteString source, boolean overVirtio, Place place) {}

    /** Where a mount is. */
    record Place(String mountPoint, String process) {
        boolean isHere() {
            return process.equals(SELF);
        }

        @Override
        public String toString() {
            return isHere() ? mountPoint : mountPoint + " (in the mount name space of process " + process + ")";
        }
    }

    /** @param root of the file system: {@code /}, or a test's */
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
        // Counted last, so that a mount made meanwhile is a hidden one.
        return new KernelMounts(List.copyOf(mounts), Math.max(0, countHidden(root, mounts)));
    }

    /** Where a device with the mount tag {@code tag} is mounted: in this name space, or else in others. */
    List<String> placesOf(final ByteString tag) {
        final List<Place> places = mounts.stream()
                .filter(mount -> mount.overVirtio() && mount.source().equals(tag))
                .map(Mount::place)
                .toList();
        final boolean here = places.stream().anyMatch(Place::isHere);
        return places.stream()
                .filter(place -> place.isHere() == here)
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
            // It has ended.
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
                // Old kernels name a transport only if the mount's options did, and take virtio otherwise.
                options.contains("trans=virtio") || options.stream().noneMatch(option -> option.startsWith("trans=")),
                new Place(new String(unescape(before[MOUNT_POINT_FIELD]), UTF_8), process));
    }

    /** The kernel writes a space, tab, newline or backslash as three octal digits. */
    private static byte[] unescape(final String field) {
        return OCTAL.matcher(field)
                .replaceAll(
                        octal -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))))
                .getBytes(ISO_8859_1);
    }

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

    /** Without a module that counts its clients: one backing device, {@code 9p-N}, for each mounted file system. */
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
