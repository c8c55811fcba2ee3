package dev.ninepin.virtio;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small process that outlives us if we are killed. A device that is at work then still writes its answers, and the
 * kernel must not have given their memory to somebody else. So the guard holds the pages too ({@link PagePins}), takes
 * the bus from the device once we are gone, and only then lets go of them.
 */
final class DmaGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DmaGuard.class);
    private static final String DONE = "done\n";
    private static final long PATIENCE_SECONDS = 5;

    /**
     * Waits for a word or for our end. The pins came as its standard error, and go where nothing writes. The byte is the
     * low one of the command register, at offset 4: registers on, bus off. $1 is the device's configuration space.
     */
    private static final String SCRIPT = """
            trap '' HUP INT TERM
            exec 3>&2 2>/dev/null
            read -r word
            [ "$word" = done ] || printf '\\002' | dd of="$1" bs=1 seek=4 conv=notrunc
            """;

    private final Process process;

    private DmaGuard(final Process process) {
        this.process = process;
    }

    /**
     * Starts one.
     *
     * @param config the device's configuration space in sysfs
     */
    static DmaGuard start(final PagePins pins, final Path config) throws IOException {
        return new DmaGuard(new ProcessBuilder(List.of("/bin/sh", "-c", SCRIPT, "ninepin-guard", config.toString()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(new File(pins.path()))
                .start());
    }

    /** The device is off the bus: there is nothing to guard any more. Returns when the guard is gone. */
    @Override
    public void close() {
        try {
            process.getOutputStream().write(DONE.getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                LOG.debug("the guard of DMA memory does not end");
                process.destroyForcibly();
            }
        } catch (final IOException e) {
            LOG.debug("the guard of DMA memory had ended already", e);
        } catch (final InterruptedException e) {
            // It has its word, and ends without us.
            Thread.currentThread().interrupt();
        }
    }
}
