package dev.ninepin.virtio;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device that is ours alone, from the first look until it is handed back as it was found: to the same driver or to
 * none, with the same {@code driver_override}, and the same command register unless its driver sets that up.
 *
 * <p>Held by a lock on a file for the device. The file says how the device was found; so, should we be killed, the next
 * claim knows and hands it back like that.
 *
 * <p>One thread at a time.
 */
final class DeviceClaim implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceClaim.class);
    private static final String VIRTIO_PCI = "virtio-pci";

    private final SysfsDevice device;
    private final FileLock lock;
    private final Path record;
    private final Found found;

    /** How a device was found. */
    private record Found(Optional<String> driver, Optional<String> override, int command) {
        private static final String DRIVER = "driver";
        private static final String OVERRIDE = "driver_override";
        private static final String COMMAND = "command";

        String text() throws IOException {
            final Properties properties = new Properties();
            driver.ifPresent(name -> properties.setProperty(DRIVER, name));
            override.ifPresent(name -> properties.setProperty(OVERRIDE, name));
            properties.setProperty(COMMAND, Integer.toString(command));
            final StringWriter text = new StringWriter();
            properties.store(
                    text,
                    "how the device was found; process "
                            + ProcessHandle.current().pid());
            return text.toString();
        }

        /** Empty if {@code text} is no such record, as when nobody was killed while it had the device. */
        static Optional<Found> of(final String text) throws IOException {
            final Properties properties = new Properties();
            properties.load(new StringReader(text));
            final String command = properties.getProperty(COMMAND, "");
            return command.matches("[0-9]{1,5}")
                    ? Optional.of(new Found(
                            Optional.ofNullable(properties.getProperty(DRIVER)),
                            Optional.ofNullable(properties.getProperty(OVERRIDE)),
                            Integer.parseInt(command)))
                    : Optional.empty();
        }
    }

    private DeviceClaim(final SysfsDevice device, final FileLock lock, final Path record, final Found found) {
        this.device = device;
        this.lock = lock;
        this.record = record;
        this.found = found;
    }

    /** The file whose lock whoever has the device at {@code address} holds. */
    static Path lockFile(final Path directory, final String address) {
        return directory.resolve("pci-" + address + ".lock");
    }

    /**
     * Claims {@code device}; changes nothing in it yet.
     *
     * @param directory where the processes that claim devices lock each other out
     * @throws DeviceInUseException if it is somebody else's
     */
    static DeviceClaim take(final SysfsDevice device, final Path directory) throws IOException {
        final FileLock lock = FileLock.tryTake(lockFile(directory, device.address()))
                .orElseThrow(() -> new DeviceInUseException("the device at " + device.address()
                        + " is in use by another ninepin: ninepin status shows its mount"));
        try {
            final Path record = directory.resolve("pci-" + device.address() + ".found");
            final Found found = find(device, record);
            final Optional<String> holder = holder(device);
            if (holder.isPresent()) {
                throw new DeviceInUseException("the device at " + device.address() + " is held by the kernel's driver "
                        + holder.get() + ": " + wayOut(device, holder.get()));
            }
            Files.writeString(record, found.text());
            return new DeviceClaim(device, lock, record, found);
        } catch (final IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /**
     * The kernel driver that a device is in use by, as far as the kernel knows. A driver that only makes devices reachable
     * does not count, nor does virtio-pci with no driver for what it has made of the device.
     */
    static Optional<String> holder(final SysfsDevice device) throws IOException {
        final Optional<String> driver = device.driver();
        if (driver.equals(Optional.of(VIRTIO_PCI))) {
            return device.virtioDriver();
        }
        return driver.filter(name -> !name.equals("pci-stub")
                && !name.equals(DriverKind.VFIO.kernelDriver())
                && !name.equals(DriverKind.UIO.kernelDriver()));
    }

    private static String wayOut(final SysfsDevice device, final String holder) {
        return holder.startsWith("9p")
                ? "unmount its share (umount -a -t 9p) and run modprobe -r " + holder
                        + ", or mount it with mount -t 9p instead"
                : "unbind it first: echo " + device.address() + " > /sys/bus/pci/devices/" + device.address()
                        + "/driver/unbind";
    }

    private static Found find(final SysfsDevice device, final Path record) throws IOException {
        if (Files.exists(record)) {
            final Optional<Found> left = Found.of(Files.readString(record));
            if (left.isPresent()) {
                LOG.info(
                        "the process that had the device at {} before ended without handing it back", device.address());
                return left.get();
            }
        }
        try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
            return new Found(device.driver(), device.driverOverride(), config.readConfig16(PciConfig.COMMAND));
        }
    }

    /** The device. */
    SysfsDevice device() {
        return device;
    }

    /**
     * Takes the device from its driver, and binds it to the one of {@code kind}.
     *
     * @throws IOException if the kernel does not do so
     */
    void bind(final DriverKind kind) throws IOException {
        final Optional<String> wanted = kind == DriverKind.SYSFS ? Optional.empty() : Optional.of(kind.kernelDriver());
        if (!device.driver().equals(wanted)) {
            device.unbind();
        }
        device.overrideDriver(Optional.of(kind.kernelDriver()));
        if (!device.driver().equals(wanted)) {
            device.probe();
        }
        if (!device.driver().equals(wanted)) {
            throw new IOException("the kernel did not bind " + device.address() + " to " + kind.kernelDriver()
                    + ": the kernel's log (dmesg) may say why");
        }
        LOG.debug("{} is bound to {}", device.address(), wanted.orElse("no driver"));
    }

    /** Hands the device back as it was found. Its user has reset it and closed all that it had of it. */
    @Override
    public void close() {
        try {
            if (device.exists()) {
                handBack();
            }
            Files.deleteIfExists(record);
        } catch (final IOException e) {
            LOG.warn("the device at {} could not be handed back as it was found: {}", device.address(), e.getMessage());
        } finally {
            lock.close();
        }
    }

    private void handBack() throws IOException {
        if (!device.driver().equals(found.driver())) {
            device.unbind();
            // The kernel binds to the driver that the override names; only then the override may be taken back.
            device.overrideDriver(found.driver());
            if (found.driver().isPresent()) {
                device.probe();
            }
        }
        device.overrideDriver(found.override());
        if (!found.driver().equals(Optional.of(VIRTIO_PCI))) {
            // Other drivers that a device is taken from leave the register to whoever uses it through them.
            try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
                config.writeConfig16(PciConfig.COMMAND, found.command());
            }
        }
        if (!device.driver().equals(found.driver())) {
            throw new IOException("it is bound to " + device.driver().orElse("no driver") + ", and was to "
                    + found.driver().orElse("none"));
        }
        LOG.debug("{} is handed back to {}", device.address(), found.driver().orElse("no driver"));
    }
}
