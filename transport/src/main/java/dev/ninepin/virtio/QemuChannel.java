package dev.ninepin.virtio;

import dev.ninepin.channel.Channel;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Opens the channel of {@code qemu:DIR}: to a virtio-9p device in a QEMU that is started for it, has no guest and no
 * other device, and serves a directory. Its processor never runs; we drive its device as a guest's kernel would.
 */
public final class QemuChannel {
    /** The program, by the name with which it begins its errors. */
    static final String QEMU = "qemu-system-x86_64";

    private static final String MOUNT_TAG = "ninepin";
    private static final int SLOT = 4;

    /** It starts within 0.1 s; one that takes longer hangs, as a directory on a dead network share makes it do. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private QemuChannel() {}

    /**
     * Starts a QEMU that serves {@code directory}, and opens a channel to it. The channel owns the QEMU, which ends
     * with the channel, or with this process, even if that is killed.
     *
     * @param options QEMU's for {@code -fsdev local}: {@code security_model} (without it {@code none}), {@code
     *     readonly}, {@code fmode}, {@code dmode}, {@code multidevs}, {@code writeout}, {@code throttling.*}
     * @param maxMessageSize the largest message to carry, in bytes: an msize
     * @throws IllegalArgumentException if there is no such option; the message names it and those that there are
     * @throws IOException if the directory or a program is missing, or QEMU does not start; its last words are in it
     */
    public static Channel open(final Path directory, final Map<String, String> options, final int maxMessageSize)
            throws IOException {
        final PciFunction function = start(directory, options, maxMessageSize);
        return VirtioChannel.open(function, "qemu", directory.toString(), maxMessageSize);
    }

    /** As {@link #open}, up to the device that nobody has touched yet; its QEMU ends when it is closed. */
    static PciFunction start(final Path directory, final Map<String, String> options, final int maxMessageSize)
            throws IOException {
        final QemuOptions checked = new QemuOptions(options);
        final int memory = VirtioTransport.memoryFor(maxMessageSize);
        if (!Files.isDirectory(directory)) {
            throw new IOException(directory + (Files.exists(directory) ? " is not a directory" : " does not exist"));
        }
        // QEMU opens it before it answers for the first time; our descriptor has to last until then.
        try (GuestRam ram = GuestRam.create(memory)) {
            final QemuServer server = QemuServer.start(command(directory, checked, ram));
            final Deadline deadline = Deadline.start("ninepin-qemu-start", PATIENCE, server::close);
            try {
                final PciFunction function = new QtestPciFunction(server, SLOT, ram.memory());
                function.readConfig16(PciConfig.VENDOR_ID);
                return function;
            } catch (final IOException e) {
                server.close();
                throw new IOException("qemu:" + directory + ": " + e.getMessage() + checked.wayOut(e.getMessage()), e);
            } finally {
                deadline.close();
            }
        }
    }

    private static List<String> command(final Path directory, final QemuOptions options, final GuestRam ram)
            throws IOException {
        return List.of(
                // In a session of its own, so that Ctrl-C in our terminal does not end it before we are done with it.
                find("setsid", "util-linux"),
                // Killed when its parent ends. Should that end even earlier, then QEMU finds no memory, and gives up.
                find("setpriv", "util-linux"),
                "--pdeathsig",
                "KILL",
                "--",
                find(QEMU, "qemu-system-x86"),
                "-machine",
                "pc,accel=tcg,memory-backend=ram",
                // The processor stays as it is at power-on, and runs not one instruction.
                "-S",
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                "-object",
                "memory-backend-file,id=ram,size=" + ram.size() + ",mem-path=" + ram.path() + ",share=on",
                "-m",
                Long.toString(ram.size() >> 20),
                "-qtest",
                "stdio",
                "-qtest-log",
                "none",
                "-fsdev",
                options.fsdev("share", directory.toString()),
                "-device",
                "virtio-9p-pci,fsdev=share,mount_tag=" + MOUNT_TAG + ",disable-legacy=on,addr=" + SLOT);
    }

    /** The program's path, so that what is missing can be said by name. */
    private static String find(final String program, final String packageName) throws IOException {
        final String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
        for (final String directory : path.split(File.pathSeparator, -1)) {
            final Path candidate = Path.of(directory, program);
            if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return candidate.toString();
            }
        }
        throw new IOException(
                program + " is not in any directory of PATH (" + path + "): install the package " + packageName);
    }
}
