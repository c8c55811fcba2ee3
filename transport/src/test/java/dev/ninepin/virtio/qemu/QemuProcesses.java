package dev.ninepin.virtio.qemu;

import java.nio.file.Path;
import java.util.List;

/** The QEMU processes that descend from this process or from another process of the tests. */
public final class QemuProcesses {
    private QemuProcesses() {}

    /** Returns the QEMU processes of this process that serve {@code directory}. */
    public static List<ProcessHandle> of(final Path directory) {
        return below(ProcessHandle.current(), directory);
    }

    static List<ProcessHandle> below(final ProcessHandle parent, final Path directory) {
        return parent.descendants()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains("path=" + directory + ","))
                        .isPresent())
                .toList();
    }
}
