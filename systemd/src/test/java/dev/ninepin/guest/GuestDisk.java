package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The disk of a guest.
 *
 * @param image the directory of the image, which also has the kernels
 * @param base the file of the root file system
 * @param file the file that the guest writes: an overlay over {@code base}, in QEMU's format qcow2 or in user-mode
 *     Linux's copy-on-write format, or {@code base} itself
 */
record GuestDisk(Path image, Path base, Path file) {
    /** Returns a disk for user-mode Linux over the image. The kernel makes {@code file}. */
    static GuestDisk overImage(final Path image, final Path file) {
        return new GuestDisk(image, root(image), file);
    }

    /** Makes a disk for QEMU over {@code base}. */
    static GuestDisk over(final Path image, final Path base, final Path file) throws IOException, InterruptedException {
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base.toString(), file.toString());
        return new GuestDisk(image, base, file);
    }

    /** Makes a disk for user-mode Linux that is a copy of the image. */
    static GuestDisk copyOf(final Path image, final Path file) throws IOException, InterruptedException {
        run("cp", "--sparse=always", "--reflink=auto", root(image).toString(), file.toString());
        return new GuestDisk(image, file, file);
    }

    private static Path root(final Path image) {
        return image.resolve("root.img");
    }

    private static void run(final String... command) throws IOException, InterruptedException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final String words = new String(process.getInputStream().readAllBytes(), Guest.TEXT);
        if (process.waitFor() != 0) {
            throw new IOException("the guest has no disk: " + List.of(command) + " says: " + words.strip());
        }
    }
}
