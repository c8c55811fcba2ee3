package dev.ninepin.guest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A kind of guest: a kernel and a machine. The kinds are in the order in which they boot. */
public enum GuestKind {
    /**
     * Linux as a program of the host ({@link UserModeLinux}), at nearly the host's speed. The kernel has FUSE, CUSE,
     * vsock, autofs and 9p, but no PCI, and so no share with a mount tag.
     */
    UML,

    /** Debian's cloud kernel, which has no 9p, on a machine without an IOMMU. */
    CLOUD("cloud", "pc", ""),

    /** Debian's cloud kernel on a machine with an IOMMU, which the devices of the shares use. */
    CLOUD_IOMMU("cloud", "q35,kernel-irqchip=split", "intel_iommu=on "),

    /** Debian's standard kernel, which has 9p. */
    STANDARD("standard", "pc", "");

    /** The guest's PCI address of the share with the tag {@code share}. */
    static final String SHARE_ADDRESS = "0000:00:08.0";

    /** The guest's PCI address of the share with the tag {@code second}. */
    static final String SECOND_ADDRESS = "0000:00:09.0";

    /** The port into which devices are plugged on a machine with an IOMMU. Its root bus takes no devices. */
    private static final String PORT = "plugs";

    /**
     * Options of Java that suit a JVM of some minutes. The emulation has to translate compiled code once more, and
     * verifying the libraries' classes takes it seconds.
     */
    static final String JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10"
            + " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote";

    /**
     * A processor without AVX, whose registers the emulation handles slowly, and kernel arguments that spare the guest
     * mitigations, a slow clock source and messages on the serial console.
     */
    private static final String PROCESSOR = "Nehalem";

    private static final String KERNEL_ARGUMENTS = "console=ttyS0 root=/dev/vda rw quiet mitigations=off tsc=reliable"
            + " \"systemd.setenv=NINEPIN_JAVA_OPTIONS=" + JAVA_OPTIONS + "\" ";

    private final String kernel;
    private final String machine;
    private final String kernelArguments;

    GuestKind() {
        this("", "", "");
    }

    GuestKind(final String kernel, final String machine, final String kernelArguments) {
        this.kernel = kernel;
        this.machine = machine;
        this.kernelArguments = kernelArguments;
    }

    /** Returns the name of this kind for file names. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns the arguments of QEMU, for a kind other than {@link #UML}.
     *
     * @param disk the root file system, and the directory of the kernel and its initial RAM disk
     * @param share the directory behind the tag {@code share}, a transitional device (1af4:1009)
     * @param second the directory behind the tag {@code second}, a modern device (1af4:1049)
     */
    List<String> arguments(final GuestDisk disk, final Path share, final Path second, final Path console) {
        final Path image = disk.image();
        final List<String> arguments = new ArrayList<>(List.of("-machine", machine));
        if (this == CLOUD_IOMMU) {
            arguments.addAll(List.of("-device", "intel-iommu,intremap=on,device-iotlb=on"));
            arguments.addAll(List.of("-device", "pcie-root-port,id=" + PORT + ",chassis=1,addr=0a.0"));
        }
        arguments.addAll(List.of("-smp", "1", "-cpu", PROCESSOR, "-m", "1536"));
        arguments.addAll(List.of("-display", "none", "-nodefaults", "-no-user-config"));
        arguments.addAll(List.of("-kernel", image.resolve("vmlinuz-" + kernel).toString()));
        arguments.addAll(List.of("-initrd", image.resolve("initrd-" + kernel).toString()));
        arguments.addAll(List.of("-append", (KERNEL_ARGUMENTS + kernelArguments).strip()));
        arguments.addAll(List.of("-serial", "file:" + doubled(console)));
        arguments.addAll(List.of("-drive", "file=" + doubled(disk.file()) + ",format=qcow2,if=virtio,cache=unsafe"));
        arguments.addAll(List.of("-device", "virtio-rng-pci", "-device", "virtio-serial-pci"));
        arguments.addAll(List.of("-chardev", "stdio,id=agent,signal=off"));
        arguments.addAll(List.of("-device", "virtserialport,chardev=agent,name=ninepin.agent"));
        arguments.addAll(List.of("-chardev", "socket,id=monitor,path=" + monitor() + ",server=on,wait=off"));
        arguments.addAll(List.of("-mon", "chardev=monitor,mode=control"));
        arguments.addAll(share("share", share, "addr=08.0"));
        arguments.addAll(share("second", second, "addr=09.0,disable-legacy=on"));
        return arguments;
    }

    private List<String> share(final String tag, final Path directory, final String how) {
        final String behind = this == CLOUD_IOMMU ? ",iommu_platform=on,ats=on,disable-legacy=on" : "";
        return List.of(
                "-fsdev",
                "local,id=" + tag + ",path=" + doubled(directory) + ",security_model=none",
                "-device",
                "virtio-9p-pci,fsdev=" + tag + ",mount_tag=" + tag + "," + how + behind);
    }

    /**
     * Returns the socket of QEMU's monitor ({@link Monitor}). The path is relative to this module, because the path of
     * a socket must be short.
     */
    Path monitor() {
        return Guest.directory(this).resolve("monitor");
    }

    /**
     * Returns the properties of a device like {@link #share}, for {@link Monitor#plugIn}, in an empty slot.
     *
     * @param slot 0 or 1; with an IOMMU, there is only one
     */
    Map<String, String> slot(final int slot) {
        return this == CLOUD_IOMMU
                ? Map.of("bus", PORT, "iommu_platform", "on", "ats", "on", "disable-legacy", "on")
                : Map.of("bus", "pci.0", "addr", slot == 0 ? "0b.0" : "0c.0");
    }

    /** Returns a path with its commas doubled, because a single comma ends a value in QEMU's options. */
    private static String doubled(final Path path) {
        return path.toString().replace(",", ",,");
    }
}
