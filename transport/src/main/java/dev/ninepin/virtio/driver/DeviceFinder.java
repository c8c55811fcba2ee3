package dev.ninepin.virtio.driver;

import dev.ninepin.p9.ByteString;
import dev.ninepin.virtio.pci.MountTag;
import dev.ninepin.virtio.pci.PciConfigFile;
import dev.ninepin.virtio.pci.VirtioCapabilities;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The search for virtio-9p devices by mount tag or PCI address. It reads mount tags without disturbing the devices. */
final class DeviceFinder {
    /** Domain (optional), bus, device, function. */
    private static final Pattern ADDRESS = Pattern.compile("(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])");

    private final SysfsBus bus;
    private final DriverChoice choice;

    DeviceFinder(final SysfsBus bus, final DriverChoice choice) {
        this.bus = bus;
        this.choice = choice;
    }

    /** Returns whether {@code text} has the form of a PCI address, and so is not taken as a mount tag. */
    static boolean isAddress(final String text) {
        return ADDRESS.matcher(text).matches();
    }

    /**
     * Returns the device that {@code name}, a mount tag or a PCI address, denotes.
     *
     * @throws IOException if {@code name} denotes no device or several; the message lists the devices of this system
     */
    SysfsDevice find(final String name) throws IOException {
        final List<SysfsDevice> devices = bus.virtio9pDevices();
        if (devices.isEmpty()) {
            throw new IOException(
                    "virtio:" + name + ": this system has no virtio-9p device: add the share to the virtual"
                            + " machine (QEMU: -device virtio-9p-pci)");
        }
        return isAddress(name) ? findByAddress(name, devices) : findByTag(name, devices);
    }

    private SysfsDevice findByAddress(final String name, final List<SysfsDevice> devices) throws IOException {
        final String address = name.indexOf(':') == name.lastIndexOf(':') ? "0000:" + name : name;
        for (final SysfsDevice device : devices) {
            if (device.address().equals(address)) {
                return device;
            }
        }
        throw new IOException("virtio:" + name + ": "
                + bus.device(address)
                        .map(other -> "the PCI device at this address is not a virtio-9p device")
                        .orElse("no PCI device has this address")
                + "; available: " + describeDevices(devices));
    }

    private SysfsDevice findByTag(final String name, final List<SysfsDevice> devices) throws IOException {
        final List<SysfsDevice> found = new ArrayList<>();
        for (final SysfsDevice device : devices) {
            if (tag(device).text().equals(Optional.of(ByteString.of(name).toString()))) {
                found.add(device);
            }
        }
        if (found.isEmpty()) {
            throw new IOException("virtio:" + name + ": no virtio-9p device has this mount tag; available: "
                    + describeDevices(devices));
        }
        if (found.size() > 1) {
            throw new IOException("virtio:" + name + ": " + found.size()
                    + " devices have this mount tag: name one by its"
                    + " address, "
                    + found.stream().map(device -> "virtio:" + device.address()).collect(Collectors.joining(" or ")));
        }
        return found.get(0);
    }

    private String describeDevices(final List<SysfsDevice> devices) throws IOException {
        final List<String> all = new ArrayList<>();
        for (final SysfsDevice device : devices) {
            final Tag tag = tag(device);
            all.add(tag.text()
                            .orElse("a device whose tag cannot be read ("
                                    + tag.problem().orElse("") + ")") + " at " + device.address());
        }
        return String.join(", ", all);
    }

    /** A mount tag, or the reason why it could not be read. */
    record Tag(Optional<String> text, Optional<String> problem) {
        static Tag unknown(final String problem) {
            return new Tag(Optional.empty(), Optional.of(problem));
        }
    }

    /**
     * Returns the mount tag of {@code device}, from sysfs if the kernel's 9p has read it, otherwise from the device's
     * registers. A failure to read registers gives a {@link Tag} with the problem instead of an exception.
     */
    Tag tag(final SysfsDevice device) throws IOException {
        final Optional<ByteString> known;
        try {
            known = device.kernelMountTag();
        } catch (final IOException e) {
            return Tag.unknown("it is being unplugged, or given to another driver");
        }
        if (known.isPresent()) {
            return new Tag(known.map(ByteString::toString), Optional.empty());
        }
        if (!Files.isWritable(device.config())) {
            return Tag.unknown("reading it needs root");
        }
        if (choice.isLockedDown()) {
            return Tag.unknown("the kernel is locked down; name the device by its address");
        }
        try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
            config.lock();
            final VirtioCapabilities capabilities = VirtioCapabilities.read(config);
            if (capabilities.configAccess() == 0) {
                return Tag.unknown("the device lacks the capability for reading it; name the device by its address");
            }
            final ByteString tag = MountTag.read(
                    device.address(),
                    capabilities.window(config, VirtioCapabilities.Kind.COMMON),
                    capabilities.window(config, VirtioCapabilities.Kind.DEVICE));
            return new Tag(Optional.of(tag.toString()), Optional.empty());
        } catch (final IOException e) {
            return Tag.unknown(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
    }
}
