package dev.ninepin.virtio.driver;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** The ways to drive a device on this system, and the preparations that each way needs. */
final class DriverChoice {
    private static final String VFIO_MODULE = "vfio";
    private static final String VFIO_IOMMU_MODULE = "vfio_iommu_type1";

    private final KernelFacts kernel;
    private final KernelModules modules;

    /** @param root the root of the file system: {@code /}, or a test's directory */
    DriverChoice(final Path root) {
        this.kernel = new KernelFacts(root);
        this.modules = new KernelModules(root);
    }

    /** Returns whether the kernel is locked down, as {@link KernelFacts#isLockedDown}. */
    boolean isLockedDown() {
        return kernel.isLockedDown();
    }

    /** Returns, for each way, what prevents its use on {@code device}, in a few words; empty if nothing does. */
    Map<DriverKind, Optional<String>> obstacles(final SysfsDevice device) throws IOException {
        final Map<DriverKind, Optional<String>> obstacles = new EnumMap<>(DriverKind.class);
        for (final DriverKind kind : DriverKind.values()) {
            obstacles.put(kind, obstacle(kind, device));
        }
        return obstacles;
    }

    private Optional<String> obstacle(final DriverKind kind, final SysfsDevice device) throws IOException {
        if (kind != DriverKind.VFIO && kernel.isLockedDown()) {
            return Optional.of("the kernel is locked down");
        }
        if (kind != DriverKind.SYSFS && !modules.isAvailable(kind.module())) {
            return Optional.of("the kernel has no module " + kind.module());
        }
        if (kind == DriverKind.VFIO && !hasIommu(device) && !kernel.isNoIommuEnabled()) {
            return Optional.of("no IOMMU, and VFIO's no-IOMMU mode is off");
        }
        return Optional.empty();
    }

    /**
     * Prepares the use of {@code kind} for a user who asked for it explicitly. Loads the kernel module, and turns on
     * VFIO's no-IOMMU mode if the device has no IOMMU.
     *
     * @return whether this call turned no-IOMMU mode on; {@link #disableNoIommu} turns it off again
     * @throws IOException if this system does not support {@code kind} for the device
     */
    boolean prepareForced(final DriverKind kind, final SysfsDevice device) throws IOException {
        if (kind != DriverKind.VFIO && kernel.isLockedDown()) {
            throw new IOException("the kernel is locked down (kernel_lockdown(7)), and permits only driver=vfio with an"
                    + " IOMMU: boot without Secure Boot, or give the virtual machine an IOMMU");
        }
        load(kind);
        if (kind != DriverKind.VFIO || hasIommu(device) || kernel.isNoIommuEnabled()) {
            return false;
        }
        if (!kernel.supportsNoIommu()) {
            throw new IOException(
                    "driver=vfio: this system has no IOMMU, and its kernel does not support VFIO without one: give the"
                            + " virtual machine one (QEMU: -device intel-iommu), or use driver=uio or driver=sysfs");
        }
        kernel.enableNoIommu(true);
        return true;
    }

    /** Turns VFIO's no-IOMMU mode off. An opened device does not need the mode any more. */
    void disableNoIommu() throws IOException {
        kernel.enableNoIommu(false);
    }

    /** Loads the kernel modules that {@code kind} needs. */
    void load(final DriverKind kind) throws IOException {
        if (kind == DriverKind.VFIO) {
            modules.load(VFIO_MODULE);
            if (modules.isAvailable(VFIO_IOMMU_MODULE)) {
                // Not every modprobe knows that VFIO needs this module too (softdep).
                modules.load(VFIO_IOMMU_MODULE);
            }
        }
        if (!kind.module().isEmpty()) {
            modules.load(kind.module());
        }
    }

    private static boolean hasIommu(final SysfsDevice device) throws IOException {
        return device.iommuGroup().isPresent() && !device.isNoIommuGroup();
    }
}
