package dev.ninepin.virtio.driver;

import dev.ninepin.os.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The modules of the running kernel: tells which ones are available, and loads them. */
final class KernelModules {
    private static final Logger LOG = LoggerFactory.getLogger(KernelModules.class);
    private static final long PATIENCE_SECONDS = 20;

    private final Path root;

    /** @param root the root of the file system: {@code /}, or a test's directory */
    KernelModules(final Path root) {
        this.root = root;
    }

    /** Returns whether {@code module} is loaded, built in, or can be loaded. The name has underscores, no dashes. */
    boolean isAvailable(final String module) {
        if (Files.isDirectory(root.resolve("sys/module").resolve(module))) {
            return true;
        }
        try {
            final String release =
                    Files.readString(root.resolve("proc/sys/kernel/osrelease")).strip();
            final Path directory = root.resolve("lib/modules").resolve(release);
            return listsModule(directory.resolve("modules.dep"), module)
                    || listsModule(directory.resolve("modules.builtin"), module);
        } catch (final IOException e) {
            LOG.debug("no list of kernel modules", e);
            return false;
        }
    }

    /**
     * Returns whether {@code list} contains {@code module}. A line is {@code kernel/…/NAME.ko[.xz]: …}; a name may have
     * dashes in place of underscores.
     */
    private static boolean listsModule(final Path list, final String module) throws IOException {
        if (!Files.exists(list)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(list, StandardCharsets.UTF_8)) {
            return lines.map(line -> line.substring(line.lastIndexOf('/', firstColon(line)) + 1))
                    .map(name -> name.replace('-', '_'))
                    .anyMatch(name -> name.startsWith(module + ".ko"));
        }
    }

    private static int firstColon(final String line) {
        final int colon = line.indexOf(':');
        return colon < 0 ? line.length() : colon;
    }

    /**
     * Loads {@code module} with modprobe(8); does nothing if it is loaded already. Blocks until modprobe has ended.
     *
     * @throws IOException if modprobe fails or takes longer than 20 seconds; the message has modprobe's output
     */
    void load(final String module) throws IOException {
        if (Files.isDirectory(root.resolve("sys/module").resolve(module))) {
            return;
        }
        LOG.debug("loading the kernel module {}", module);
        final Path modprobe = Programs.ofThisSystem().require("modprobe", "kmod");
        final Process process = new ProcessBuilder(List.of(modprobe.toString(), module))
                .redirectErrorStream(true)
                .start();
        try {
            process.getOutputStream().close();
            final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("modprobe " + module + " did not finish within " + PATIENCE_SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                throw new IOException("cannot load the kernel module " + module + ": "
                        + (said.isEmpty() ? "modprobe exited with status " + process.exitValue() : said));
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the kernel module " + module + " was loaded", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
