package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The start of user-mode Linux for guests of the kind {@link GuestKind#UML}: linux.uml of the package user-mode-linux.
 */
final class UserModeLinux {
    /** The directory of the guest's files, as the guest sees it. */
    private static final String HOST_DIRECTORY = "/srv/host";

    private static final int MEMORY_MIB = 1536;

    private UserModeLinux() {}

    /**
     * Starts the guest's kernel, whose standard input and output are the port of the guest's agent.
     *
     * @param directory the directory for logs and for the agent's scripts, which the guest also mounts; no space in its
     *     path
     * @param console the file to which the guest's console is appended
     */
    static GuestMachine start(final GuestDisk disk, final Path directory, final Path console) throws IOException {
        // Each process of the guest is a process of the host. They all end with the kernel, by their PID namespace.
        return GuestMachine.start(
                List.of(
                        "unshare",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--",
                        "linux.uml",
                        "ubd0=" + disk(disk),
                        "root=/dev/ubda",
                        "rw",
                        "mem=" + MEMORY_MIB + "M",
                        "uml_dir=" + directory,
                        "con=null",
                        "con0=null,fd:2",
                        "ssl=null",
                        "ssl0=fd:0,fd:1",
                        // udev would process hundreds of these devices.
                        "pty.legacy_count=0",
                        "init=/usr/local/sbin/ninepin-guest-uml-init",
                        "NINEPIN_GUEST_HOST=" + directory,
                        "systemd.setenv=NINEPIN_GUEST_PORT=/dev/ttyS0",
                        "systemd.setenv=NINEPIN_GUEST_FILES=" + HOST_DIRECTORY,
                        "systemd.mask=serial-getty@ttyS0.service"),
                Map.of(
                        "TMPDIR",
                        memory(directory).toString(),
                        "LD_PRELOAD",
                        disk.image().resolve("xstate.so").toString()),
                ProcessBuilder.Redirect.appendTo(console.toFile()));
    }

    private static String disk(final GuestDisk disk) {
        final boolean isWhole = disk.file().equals(disk.base());
        return isWhole ? disk.file().toString() : disk.file() + "," + disk.base();
    }

    /** Returns a directory for the file of the guest's memory: in {@code /dev/shm} if it has room. */
    private static Path memory(final Path directory) throws IOException {
        final Path memory = Path.of("/dev/shm");
        final boolean hasRoom =
                Files.isWritable(memory) && Files.getFileStore(memory).getUsableSpace() > (long) MEMORY_MIB << 20;
        return hasRoom ? memory : directory;
    }
}
