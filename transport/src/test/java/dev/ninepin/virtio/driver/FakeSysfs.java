package dev.ninepin.virtio.driver;

import dev.ninepin.virtio.pci.PciConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A directory tree that imitates the sysfs of PCI devices, together with the kernel's reaction to writes: it binds,
 * unbinds, and keeps overrides.
 */
final class FakeSysfs implements SysfsBus.Writer {
    static final int FOUND_COMMAND = 0x103;

    private final Path root;
    private final Path pci;
    private final List<String> written = new ArrayList<>();

    /** The mount tags, by address, of the devices whose virtio devices 9pnet_virtio drives. */
    private final Map<String, String> tags = new HashMap<>();

    /** The drivers that refuse every device. */
    private final List<String> refusing = new ArrayList<>();

    FakeSysfs(final Path root) throws IOException {
        this.root = root;
        this.pci = root.resolve("sys/bus/pci");
        Files.createDirectories(pci.resolve("devices"));
        Files.createDirectories(pci.resolve("drivers"));
        file("proc/sys/kernel/osrelease", "6.1.0-test\n");
        mounts("self");
    }

    Path root() {
        return root;
    }

    SysfsBus bus() {
        return new SysfsBus(root.resolve("sys"), this);
    }

    KernelUses uses() {
        return new KernelUses(root, bus());
    }

    VirtioDevices devices() {
        return new VirtioDevices(root, root.resolve("run"), this);
    }

    /** Returns the writes so far, in order, each as {@code FILE=TEXT}. */
    List<String> written() {
        return written;
    }

    FakeSysfs file(final String path, final String text) throws IOException {
        final Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return this;
    }

    FakeSysfs driver(final String name) throws IOException {
        Files.createDirectories(pci.resolve("drivers").resolve(name));
        return this;
    }

    FakeSysfs refusingDriver(final String name) throws IOException {
        refusing.add(name);
        return driver(name);
    }

    /** Adds a virtio-9p device. */
    SysfsDevice plug(final String address) throws IOException {
        return plug(address, "0x1af4", "0x1009", "0x0009");
    }

    SysfsDevice plug(final String address, final String vendor, final String device, final String subsystem)
            throws IOException {
        final String at = "sys/bus/pci/devices/" + address + "/";
        file(at + "vendor", vendor + "\n").file(at + "device", device + "\n");
        file(at + "subsystem_device", subsystem + "\n").file(at + "driver_override", "(null)\n");
        final ByteBuffer config = ByteBuffer.allocate(PciConfig.SIZE).order(ByteOrder.LITTLE_ENDIAN);
        config.putShort(PciConfig.COMMAND, (short) FOUND_COMMAND);
        Files.write(root.resolve(at + "config"), config.array());
        return new SysfsDevice(bus(), root.resolve(at));
    }

    /** Binds {@code device} to {@code driver}, as at boot. */
    void bind(final SysfsDevice device, final String driver) throws IOException {
        driver(driver);
        Files.createSymbolicLink(
                directory(device).resolve("driver"), pci.resolve("drivers").resolve(driver));
    }

    /**
     * Binds {@code device} to virtio-pci, which creates a virtio device. Binds that to {@code driver}, unless the name
     * is empty.
     */
    void makeVirtio(final SysfsDevice device, final String driver, final String tag) throws IOException {
        if (!driver.isEmpty()) {
            tags.put(device.address(), tag);
        }
        driver("virtio-pci");
        makeVirtio(directory(device), driver);
    }

    private void makeVirtio(final Path device, final String driver) throws IOException {
        Files.createSymbolicLink(
                device.resolve("driver"), pci.resolve("drivers").resolve("virtio-pci"));
        final Path child = Files.createDirectories(device.resolve("virtio3"));
        if (!driver.isEmpty()) {
            Files.createSymbolicLink(
                    child.resolve("driver"),
                    root.resolve("sys/bus/virtio/drivers").resolve(driver));
            Files.writeString(
                    child.resolve("mount_tag"), tags.get(device.getFileName().toString()) + "\0");
        }
    }

    /** Sets the number of the kernel's 9p clients over virtio, with the module loaded. */
    FakeSysfs clients(final int count) throws IOException {
        return file("sys/module/9pnet_virtio/refcnt", count + "\n");
    }

    /**
     * Sets the 9p mounts that a process sees.
     *
     * @param process the process ID, or {@code self}
     * @param lines the lines of the mount table
     */
    FakeSysfs mounts(final String process, final String... lines) throws IOException {
        return file(
                "proc/" + process + "/mountinfo",
                "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n" + String.join("", lines));
    }

    /** Returns a line of a mount table. */
    static String mount(final int id, final String fileSystem, final String directory, final String tag) {
        return id + " 22 " + fileSystem + " / " + directory + " rw,relatime shared:1 - 9p " + tag
                + " rw,sync,dirsync,access=client,trans=virtio\n";
    }

    /** Returns the command register of {@code device}. */
    int command(final SysfsDevice device) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(device.config()))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getShort(PciConfig.COMMAND);
    }

    @Override
    public void write(final Path file, final String text) throws IOException {
        final String name = file.getFileName().toString();
        written.add(name + "=" + text.strip());
        switch (name) {
            case "driver_override" -> Files.writeString(file, text.isBlank() ? "(null)\n" : text);
            case "unbind" -> {
                final Path device = pci.resolve("devices").resolve(text);
                Files.delete(device.resolve("driver"));
                for (final String part : List.of("virtio3/driver", "virtio3/mount_tag", "virtio3")) {
                    Files.deleteIfExists(device.resolve(part));
                }
            }
            case "drivers_probe" -> probe(pci.resolve("devices").resolve(text));
            default -> throw new IOException("no file of that name: " + file);
        }
    }

    private void probe(final Path device) throws IOException {
        final String override =
                Files.readString(device.resolve("driver_override")).strip();
        final String driver = override.equals("(null)") ? "virtio-pci" : override;
        final Path target = pci.resolve("drivers").resolve(driver);
        if (!Files.exists(device.resolve("driver")) && Files.isDirectory(target) && !refusing.contains(driver)) {
            if (driver.equals("virtio-pci")) {
                makeVirtio(device, tags.containsKey(device.getFileName().toString()) ? "9pnet_virtio" : "");
            } else {
                Files.createSymbolicLink(device.resolve("driver"), target);
            }
        }
    }

    private Path directory(final SysfsDevice device) {
        return pci.resolve("devices").resolve(device.address());
    }
}
