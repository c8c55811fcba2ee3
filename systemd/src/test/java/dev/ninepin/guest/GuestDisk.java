package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The disk of a guest: what it writes, over the image that all of them share and none changes.
 *
 * @param image the directory of the image
 * @param file in QEMU's format qcow2
 */
record GuestDisk(Path image, Path file) {
    /** Makes a disk on which nothing was written. */
    static GuestDisk over(final Path image, final Path file) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(
                        "qemu-img",
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-F",
                        "raw",
                        "-b",
                        image.resolve("root.img").toString(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
        final String words = new String(process.getInputStream().readAllBytes(), Guest.TEXT);
        if (process.waitFor() != 0) {
            throw new IOException("the guest has no disk: " + words.strip());
        }
        return new GuestDisk(image, file);
    }
}
