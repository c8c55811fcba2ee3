package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

/** The guests' image, from the cache, or built. */
final class GuestImage {
    /** How the script ends where it lacks what it takes: root's rights, or a tool. */
    private static final int CANNOT = 3;

    private GuestImage() {}

    /**
     * The directory that holds the image; builds it where it was never built, which takes two minutes.
     *
     * @param log what the builder says
     * @throws IOException if that fails; the reason is in it
     * @throws TestAbortedException if it can't be done here, for a reason that is in it; on CI that is a failure
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
