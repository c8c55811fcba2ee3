package dev.ninepin.daemon.doctor;

import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Checks of what it takes to drive a virtio device, in a guest or in the QEMU of a {@code qemu:} source. */
final class DeviceChecks {

    private static final String LOCKDOWN = "/sys/kernel/security/lockdown";
    private static final String IOMMU_GROUPS = "/sys/kernel/iommu_groups";
    private static final String HUGE_PAGES = "/sys/kernel/mm/hugepages";

    /**
     * The active lockdown mode, which is in brackets: {@code none [integrity] confidentiality}. Source:
     * kernel_lockdown(7).
     */
    private static final Pattern ACTIVE = Pattern.compile("\\[(\\w+)]");

    private final HostFiles host;
    private final User user;
    private final @Nullable Source source;

    /** @param source the source to mount; null for a check of all kinds */
    DeviceChecks(final HostFiles host, final User user, final @Nullable Source source) {
        this.host = host;
        this.user = user;
        this.source = source;
    }

    List<Doctor.Check> all() {
        return List.of(this::qemu, this::rights, this::hugePages, this::lockdown, this::iommu);
    }

    /** Checks for QEMU, which {@code qemu:} sources run, and for setpriv, which starts it. */
    List<Finding> qemu() {
        final boolean needed = source instanceof Source.Qemu;
        if (source != null && !needed) {
            return List.of();
        }
        if (host.program("qemu-system-x86_64").isEmpty()) {
            return List.of(Finding.missing(
                    needed,
                    "QEMU",
                    "qemu-system-x86_64, which qemu: starts, is missing",
                    host.install("--no-install-recommends qemu-system-x86", "qemu-system-x86-core")));
        }
        if (host.program("setpriv").isEmpty()) {
            return List.of(Finding.missing(
                    needed,
                    "QEMU",
                    "setpriv, with which qemu: starts QEMU, is missing",
                    host.install("util-linux", "util-linux")));
        }
        return List.of(Finding.ok("QEMU", "qemu-system-x86_64 and setpriv are installed, for qemu:"));
    }

    /** Checks whether this user may drive a device. */
    List<Finding> rights() {
        return !concernsDevices() || user.isRoot()
                ? List.of()
                : List.of(Finding.missing(
                        needsDevice(),
                        "device access",
                        "driving a virtio device requires root",
                        "mount as root (sudo)"));
    }

    /** Checks for huge pages, from which the DMA memory of a device comes. */
    List<Finding> hugePages() {
        if (!concernsDevices()) {
            return List.of();
        }
        final String size = host.lines("/proc/meminfo").stream()
                .filter(line -> line.startsWith("Hugepagesize:"))
                .map(line -> line.replaceAll("\\D", ""))
                .findFirst()
                .orElse("");
        final List<String> free = host.lines(HUGE_PAGES + "/hugepages-" + size + "kB/free_hugepages");
        return List.of(
                free.isEmpty()
                        ? Finding.warn(
                                "hugepages",
                                "not supported by this kernel, so a virtio device gets locked ordinary pages",
                                "if a mount fails because of that, boot a kernel with CONFIG_HUGETLBFS")
                        : Finding.ok(
                                "hugepages",
                                free.get(0) + " of " + size + " KiB are free; a virtio device reserves what it needs"));
    }

    /** Checks whether the kernel denies root direct access to the hardware. VFIO with an IOMMU still works then. */
    List<Finding> lockdown() {
        if (!concernsDevices()) {
            return List.of();
        }
        final String mode = host.lines(LOCKDOWN).stream()
                .map(ACTIVE::matcher)
                .filter(Matcher::find)
                .map(matcher -> matcher.group(1))
                .findFirst()
                .orElse("none");
        if (mode.equals("none")) {
            return List.of(Finding.ok("kernel lockdown", "none"));
        }
        return List.of(
                hasIommu()
                        ? Finding.ok("kernel lockdown", mode + ", so virtio devices are driven by VFIO only")
                        : Finding.missing(
                                needsDevice(),
                                "kernel lockdown",
                                mode + ", and there is no IOMMU, so virtio devices cannot be driven",
                                "boot without Secure Boot (mokutil --disable-validation), or give the virtual machine an"
                                        + " IOMMU"));
    }

    List<Finding> iommu() {
        if (!concernsDevices()) {
            return List.of();
        }
        return List.of(
                Finding.ok("IOMMU", hasIommu() ? "present, for VFIO" : "none; virtio devices are driven without one"));
    }

    private boolean hasIommu() {
        try (Stream<Path> groups = Files.list(host.at(IOMMU_GROUPS))) {
            return groups.findAny().isPresent();
        } catch (final IOException e) {
            return false;
        }
    }

    /** Returns whether the check covers a virtio device of this machine. */
    private boolean concernsDevices() {
        return concernsDevices(source);
    }

    /** Returns whether a check for {@code source}, or for all kinds if null, covers a virtio device of this machine. */
    static boolean concernsDevices(final @Nullable Source source) {
        return source == null || isDevice(source);
    }

    /** Returns whether the source to mount is a virtio device of this machine. */
    private boolean needsDevice() {
        return source != null && isDevice(source);
    }

    private static boolean isDevice(final Source source) {
        return source instanceof Source.Virtio;
    }
}
