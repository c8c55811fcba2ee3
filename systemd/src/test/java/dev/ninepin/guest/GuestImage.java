package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

/** The image of the guests, which is built on first use and then cached. */
final class GuestImage {
    /** The exit status of the build script if it lacks root's privileges or a tool. */
    private static final int CANNOT = 3;

    private GuestImage() {}

    /**
     * Returns the directory of the image. Builds the image if it does not exist, which takes two minutes.
     *
     * @param log the file for the output of the build script
     * @throws IOException if the build fails; the message has the reason
     * @throws TestAbortedException if this host cannot build the image; the message has the reason. On CI this is a
     *     failure
     */
    static Path find(final Path log) throws IOException {
        final Process builder = new ProcessBuilder(List.of("guest/image"))
                .redirectError(log.toFile())
                .start();
        try {
            final String directory = new String(builder.getInputStream().readAllBytes(), Guest.TEXT).strip();
            final int status = builder.waitFor();
            if (status != 0) {
                final String reason = Files.readString(log).strip() + " (" + log + ")";
                if (status == CANNOT && System.getenv("CI") == null) {
                    throw new TestAbortedException(reason);
                }
                throw new IOException(reason);
            }
            return Path.of(directory);
        } catch (final InterruptedException e) {
            builder.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the image of the guest was built", e);
        }
    }
}
