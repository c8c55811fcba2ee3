package dev.ninepin.virtio.driver;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The ways to drive a guest's PCI device from user space, the best first. */
public enum DriverKind {
    /** The kernel's vfio-pci: message-signalled interrupts (MSI-X), and DMA through the IOMMU if there is one. */
    VFIO("vfio-pci", "vfio_pci"),

    /** The kernel's uio_pci_generic: interrupts by the interrupt line (INTx). */
    UIO("uio_pci_generic", "uio_pci_generic"),

    /** No kernel driver: registers mapped from sysfs, and no interrupts. */
    SYSFS("ninepin", "");

    private final String kernelDriver;
    private final String module;

    DriverKind(final String kernelDriver, final String module) {
        this.kernelDriver = kernelDriver;
        this.module = module;
    }

    /** Returns the value of the option {@code driver=} that selects this way. */
    public String optionValue() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the way that {@code text}, a value of the option {@code driver=}, names. */
    public static Optional<DriverKind> of(final String text) {
        return Arrays.stream(values())
                .filter(kind -> kind.optionValue().equals(text))
                .findFirst();
    }

    /**
     * Returns the driver to which {@code driver_override} reserves the device. For {@link #SYSFS} no driver of that
     * name exists, so no driver can take the device while Ninepin uses it.
     */
    String kernelDriver() {
        return kernelDriver;
    }

    /** Returns the module of {@link #kernelDriver}; empty if the way needs none. */
    String module() {
        return module;
    }
}
