package dev.ninepin.virtio.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The restrictions of the running kernel that matter for drivers in user space. Keeps no state: every call reads them
 * again.
 */
final class KernelFacts {
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");

    private final Path root;

    /** @param root the root of the file system: {@code /}, or a test's directory */
    KernelFacts(final Path root) {
        this.root = root;
    }

    /**
     * Returns whether the kernel is locked down. User space then reaches devices through VFIO only
     * (kernel_lockdown(7)).
     */
    boolean isLockedDown() {
        try {
            final Matcher chosen = CHOSEN.matcher(Files.readString(root.resolve("sys/kernel/security/lockdown")));
            return chosen.find() && !chosen.group(1).equals("none");
        } catch (final IOException e) {
            // The file does not exist: the kernel has no lockdown, or securityfs is not mounted.
            return false;
        }
    }

    /** Returns whether VFIO's no-IOMMU mode is on, in which VFIO offers devices that no IOMMU isolates. */
    boolean isNoIommuEnabled() {
        try {
            return Files.readString(noIommu()).strip().equals("Y");
        } catch (final IOException e) {
            return false;
        }
    }

    /** Returns whether this kernel supports VFIO's no-IOMMU mode. Reliable only once the VFIO module is loaded. */
    boolean supportsNoIommu() {
        return Files.exists(noIommu());
    }

    /** Turns VFIO's no-IOMMU mode on or off, for the whole system. */
    void enableNoIommu(final boolean enabled) throws IOException {
        Files.writeString(noIommu(), enabled ? "Y" : "N");
    }

    private Path noIommu() {
        return root.resolve("sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
    }
}
