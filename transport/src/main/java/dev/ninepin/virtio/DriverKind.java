package dev.ninepin.virtio;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The ways to reach a guest's PCI device from user space, the best first. */
public enum DriverKind {
    /** The kernel's vfio-pci: interrupts by message, the IOMMU where there is one. */
    VFIO("vfio-pci", "vfio_pci"),

    /** The kernel's uio_pci_generic: interrupts by the line. */
    UIO("uio_pci_generic", "uio_pci_generic"),

    /** No driver: registers mapped from sysfs, and no interrupts. */
    SYSFS("ninepin", "");

    private final String kernelDriver;
    private final String module;

    DriverKind(final String kernelDriver, final String module) {
        this.kernelDriver = kernelDriver;
        this.module = module;
    }

    /** As it is written in {@code driver=}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one that {@code text} names. */
    public static Optional<DriverKind> of(final String text) {
        return Arrays.stream(values()).filter(kind -> kind.text().equals(text)).findFirst();
    }

    /**
     * The driver that the device is kept for ({@code driver_override}). Of {@link #SYSFS} there is none of that name, so
     * that nobody takes the device while we have it.
     */
    String kernelDriver() {
        return kernelDriver;
    }

    /** The kernel module of {@link #kernelDriver}; empty if it needs none. */
    String module() {
        return module;
    }
}
