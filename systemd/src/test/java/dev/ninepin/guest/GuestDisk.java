package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The disk of a guest: a layer for its writes over the image, which all guests share and none changes.
 *
 * @param image the directory of the image
 * @param file the layer, in QEMU's qcow2 format
 */
record GuestDisk(Path image, Path file) {
    /** Creates a disk without any writes. */
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
