package dev.ninepin.virtio.driver;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ninepin.os.MountInfo;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
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
 * fs/9p/vfs_super.c, net/9p/client.c.
 *
 * @param mounts the visible mounts, each once; mounts in this process's namespace first
 * @param hidden the number of mounts in no mount table; each may use any device
 */
record KernelMounts(List<KernelMounts.Mount> mounts, int hidden) {
    private static final String MODULE = "sys/module/" + KernelUses.KERNEL_9P;
    private static final Pattern PROCESS = Pattern.compile("[0-9]+");
    private static final String SELF = "self";

    /**
     * A mount of a 9p file system.
     *
     * @param id the mount ID, unique among the mounts of all namespaces
     * @param fileSystem the device number of the file system, which bind mounts share
     * @param source the mount's source: for a virtio mount, the mount tag
     * @param overVirtio whether the mount's transport is virtio
     * @param place the mount point, and its namespace
     */
    record Mount(int id, String fileSystem, ByteString source, boolean overVirtio, Place place) {}

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
        final Set<Integer> ids = new HashSet<>();
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
        try {
            return MountInfo.read(process.resolve("mountinfo")).stream()
                    .filter(mount -> mount.type().equals("9p"))
                    .map(mount -> of(mount, process.getFileName().toString()))
                    .toList();
        } catch (final IOException e) {
            // The process has ended.
            return List.of();
        }
    }

    private static Mount of(final MountInfo mount, final String process) {
        final List<String> options = mount.options();
        return new Mount(
                mount.id(),
                mount.device(),
                ByteString.copyOf(mount.source().getBytes(ISO_8859_1)),
                // Old kernels show the transport only if the mount's options named it. Their default is virtio.
                options.contains("trans=virtio") || options.stream().noneMatch(option -> option.startsWith("trans=")),
                new Place(MountInfo.decode(mount.where()), process));
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
