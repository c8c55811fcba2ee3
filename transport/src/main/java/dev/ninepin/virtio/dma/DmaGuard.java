package dev.ninepin.virtio.dma;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small process that outlives Ninepin if Ninepin is killed.
 *
 * <p>A device that still works on requests then keeps writing replies to memory. The kernel must not give that memory
 * to another program. So the guard also holds the pinned pages ({@link PagePins}). When Ninepin is gone, the guard
 * first disables the device's bus mastering, and only then releases the pages.
 */
final class DmaGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DmaGuard.class);
    private static final String DONE = "done\n";
    private static final long PATIENCE_SECONDS = 5;

    /**
     * The guard's shell script. It waits until Ninepin writes "done" or ends, which closes the pipe.
     *
     * <p>The guard inherits the pins as its standard error, and moves them to descriptor 3, to which nothing is
     * written. The byte 2 is the low byte of the command register, at offset 4: memory space on, bus mastering off. $1
     * is the file of the device's configuration space.
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
     * Starts a guard.
     *
     * @param pins the pinned pages, which the guard holds too
     * @param config the file of the device's configuration space in sysfs
     * @throws IOException if {@code /bin/sh} cannot be started
     */
    static DmaGuard start(final PagePins pins, final Path config) throws IOException {
        return new DmaGuard(new ProcessBuilder(List.of("/bin/sh", "-c", SCRIPT, "ninepin-guard", config.toString()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(new File(pins.path()))
                .start());
    }

    /**
     * Ends the guard, and waits up to 5 seconds until its process has ended. The device must not access memory any
     * more.
     */
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
            // The guard has been told, and ends without this process waiting for it.
            Thread.currentThread().interrupt();
        }
    }
}
