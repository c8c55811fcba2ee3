package dev.ninepin.virtio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the running kernel allows. Holds no state: every call looks again. */
final class KernelFacts {
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");

    private final Path root;

    /** @param root of the file system: {@code /}, or a test's */
    KernelFacts(final Path root) {
        this.root = root;
    }

    /** Whether the kernel is locked down: then user space reaches devices through VFIO only (kernel_lockdown(7)). */
    boolean isLockedDown() {
        try {
            final Matcher chosen = CHOSEN.matcher(Files.readString(root.resolve("sys/kernel/security/lockdown")));
            return chosen.find() && !chosen.group(1).equals("none");
        } catch (final IOException e) {
            // No such file: a kernel without lockdown, or securityfs not mounted.
            return false;
        }
    }

    /** Whether VFIO may give out devices that no IOMMU keeps in check. */
    boolean isNoIommuEnabled() {
        try {
            return Files.readString(noIommu()).strip().equals("Y");
        } catch (final IOException e) {
            return false;
        }
    }

    /** Whether this kernel could be told that VFIO may; known once VFIO is loaded. */
    boolean hasNoIommu() {
        return Files.exists(noIommu());
    }

    void enableNoIommu(final boolean enabled) throws IOException {
        Files.writeString(noIommu(), enabled ? "Y" : "N");
    }

    private Path noIommu() {
        return root.resolve("sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
    }
}
