package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ninepin.os.MountInfo;
import dev.ninepin.os.NativeString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/**
 * The directory of a mount, and its entries in /proc/self/mountinfo. Any thread.
 *
 * <p>A path consists of bytes, and Java's strings may lose some of them. So this class converts the path and reads
 * mountinfo byte by byte.
 */
public final class MountPoint {
    private final Path path;
    private final byte[] bytes;

    /** @throws IOException if the directory does not exist or cannot be resolved */
    public MountPoint(final Path directory) throws IOException {
        path = directory.toRealPath();
        bytes = NativeString.bytes(path);
    }

    /**
     * Creates the mount point of a mount that no program serves at the moment. Accesses to the path would block.
     *
     * @param path the path, without symbolic links
     * @param bytes the same in bytes
     */
    public MountPoint(final Path path, final byte... bytes) {
        this.path = path;
        this.bytes = bytes.clone();
    }

    /** Returns the path in bytes. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Returns the directory's path, without symbolic links. */
    public Path path() {
        return path;
    }

    /** Returns the path in native memory, as system calls take it: bytes with a final NUL. */
    public Pointer pointer() {
        return NativeString.of(bytes);
    }

    /**
     * Returns the FUSE connection of the topmost mount on this directory, or empty if nothing is mounted.
     *
     * @throws IOException if mountinfo cannot be read
     */
    public OptionalInt topDevice() throws IOException {
        return MountInfo.of("self").stream()
                .filter(this::isAt)
                .mapToInt(MountInfo::connection)
                .reduce((below, above) -> above);
    }

    /**
     * Returns whether the file system with this FUSE connection is mounted on this directory, topmost or below another
     * mount.
     *
     * @throws IOException if mountinfo cannot be read
     */
    public boolean hasMount(final int connection) throws IOException {
        return MountInfo.of("self").stream().anyMatch(mount -> mount.connection() == connection && isAt(mount));
    }

    /**
     * Returns whether {@code mount} is on this directory. {@code mount} must be from this process's mount namespace.
     */
    boolean isAt(final MountInfo mount) {
        return Arrays.equals(mount.where().getBytes(ISO_8859_1), bytes);
    }

    /** Returns the path for messages; it may have lost bytes. */
    @Override
    public String toString() {
        return path.toString();
    }
}
