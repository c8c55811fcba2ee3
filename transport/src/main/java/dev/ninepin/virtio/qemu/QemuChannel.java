package dev.ninepin.virtio.qemu;

import dev.ninepin.channel.Channel;
import dev.ninepin.os.Programs;
import dev.ninepin.virtio.device.Deadline;
import dev.ninepin.virtio.device.VirtioChannel;
import dev.ninepin.virtio.device.VirtioTransport;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The opener of channels for {@code qemu:DIR}: to a virtio-9p device in a QEMU that serves the directory. It starts
 * that QEMU, which has no guest and no other device. QEMU's processor never runs: Ninepin drives the device, as a
 * guest's kernel would.
 */
public final class QemuChannel {
    /** The name of the QEMU program, with which it also begins its error messages. */
    static final String QEMU = "qemu-system-x86_64";

    private static final String MOUNT_TAG = "ninepin";
    private static final int SLOT = 4;

    /**
     * The longest wait for QEMU's start. QEMU normally starts within 0.1 s; one that takes longer hangs, for example on
     * a directory of a dead network share.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private QemuChannel() {}

    /**
     * Starts a QEMU that serves {@code directory}, and opens a channel to it. The channel owns the QEMU. The QEMU ends
     * with the channel, or with this process, even if this process is killed.
     *
     * @param options the options of QEMU's {@code -fsdev local}: {@code security_model} (default {@code none}), {@code
     *     readonly}, {@code fmode}, {@code dmode}, {@code multidevs}, {@code writeout}, {@code throttling.*}
     * @param maxMessageSize the largest message to carry, in bytes: an msize
     * @throws IllegalArgumentException if an option is unknown; the message names it and lists the known options
     * @throws IOException if the directory or a program is missing, or QEMU does not start; the message has QEMU's last
     *     error
     */
    public static Channel open(final Path directory, final Map<String, String> options, final int maxMessageSize)
            throws IOException {
        final PciFunction function = start(directory, options, maxMessageSize);
        return VirtioChannel.open(function, "qemu", directory.toString(), maxMessageSize);
    }

    /**
     * Starts a QEMU as {@link #open} does, and returns its device in its initial state. Closing the function ends the
     * QEMU.
     */
    public static PciFunction start(final Path directory, final Map<String, String> options, final int maxMessageSize)
            throws IOException {
        final QemuOptions checked = new QemuOptions(options);
        final int memory = VirtioTransport.memoryFor(maxMessageSize);
        if (!Files.isDirectory(directory)) {
            throw new IOException(directory + (Files.exists(directory) ? " is not a directory" : " does not exist"));
        }
        // QEMU opens the RAM before its first answer; this process's descriptor has to last until then.
        try (GuestRam ram = GuestRam.create(memory)) {
            final QemuServer server = QemuServer.start(command(directory, checked, ram));
            final Deadline deadline = Deadline.start("ninepin-qemu-start", PATIENCE, server::close);
            try {
                final PciFunction function = new QtestPciFunction(server, SLOT, ram.memory());
                function.readConfig16(PciConfig.VENDOR_ID);
                return function;
            } catch (final IOException e) {
                server.close();
                throw new IOException("qemu:" + directory + ": " + e.getMessage() + checked.hintFor(e.getMessage()), e);
            } finally {
                deadline.close();
            }
        }
    }

    private static List<String> command(final Path directory, final QemuOptions options, final GuestRam ram)
            throws IOException {
        final Programs programs = Programs.ofThisSystem();
        return List.of(
                // In a session of its own, so that Ctrl-C in the terminal does not end QEMU before Ninepin has finished
                // with it.
                programs.require("setsid", "util-linux").toString(),
                // Killed when its parent ends. If the parent ends before this takes effect, QEMU does not find the RAM,
                // and exits.
                programs.require("setpriv", "util-linux").toString(),
                "--pdeathsig",
                "KILL",
                "--",
                programs.require(QEMU, "qemu-system-x86").toString(),
                "-machine",
                "pc,accel=tcg,memory-backend=ram",
                // The processor stays in its power-on state, and executes no instruction.
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
}
