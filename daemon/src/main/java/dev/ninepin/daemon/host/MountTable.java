package dev.ninepin.daemon.host;

import dev.ninepin.os.MountInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A snapshot of the mounts in this process's mount namespace.
 *
 * @param entries the mounts in mount order; of several on one directory, the last is visible
 */
public record MountTable(List<MountTable.Entry> entries) {
    /** The file system type of Ninepin's mounts. */
    static final String NINEPIN_TYPE = "fuse.ninepin";

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
        return of(MountInfo.of("self"));
    }

    /** Parses the table. Each character of the text stands for one byte. */
    static MountTable parse(final String mountinfo) {
        return of(MountInfo.parse(mountinfo));
    }

    private static MountTable of(final List<MountInfo> mounts) {
        return new MountTable(mounts.stream()
                .map(mount -> new Entry(
                        mount.device(),
                        MountInfo.decode(mount.where()),
                        mount.type(),
                        MountInfo.decode(mount.source()),
                        mount.options()))
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
}
