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
 * none, with the same {@code driver_override}, and the same command register unless its driver sets that up. What
 * virtio-pci makes of it, the kernel gives to its own 9p whenever that is loaded.
 *
 * <p>Held by a lock on a file for the device. The file says how the device was found; so, should we be killed, the next
 * claim knows and hands it back like that.
 *
 * <p>One thread at a time.
 */
final class DeviceClaim implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceClaim.class);

    private final SysfsDevice device;
    private final KernelUses kernel;
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

    private DeviceClaim(
            final SysfsDevice device,
            final KernelUses kernel,
            final FileLock lock,
            final Path record,
            final Found found) {
        this.device = device;
        this.kernel = kernel;
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
     * @param kernel what the kernel uses
     * @throws DeviceInUseException if it is in use
     */
    static DeviceClaim take(final SysfsDevice device, final Path directory, final KernelUses kernel)
            throws IOException {
        final FileLock lock = FileLock.tryTake(lockFile(directory, device.address()))
                .orElseThrow(() -> new DeviceInUseException(device, DeviceUse.byNinepin()));
        try {
            final Path record = directory.resolve("pci-" + device.address() + ".found");
            final Found found = find(device, record);
            requireUnused(device, kernel);
            Files.writeString(record, found.text());
            return new DeviceClaim(device, kernel, lock, record, found);
        } catch (final IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static void requireUnused(final SysfsDevice device, final KernelUses kernel) throws IOException {
        final Optional<DeviceUse> use = kernel.find(device);
        if (use.isPresent()) {
            throw new DeviceInUseException(device, use.get());
        }
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
     * @throws DeviceInUseException if the kernel uses it by now
     * @throws IOException if the kernel does not do so
     */
    void bind(final DriverKind kind) throws IOException {
        final Optional<String> wanted = kind == DriverKind.SYSFS ? Optional.empty() : Optional.of(kind.kernelDriver());
        if (!device.driver().equals(wanted)) {
            unbind();
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

    /**
     * Takes the device from its driver. Looks for its use once more, at the last moment: a mount that the kernel begins
     * even later makes this wait until it has ended, and goes on working meanwhile.
     */
    private void unbind() throws IOException {
        requireUnused(device, kernel);
        device.unbind();
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
            unbind();
            // The kernel binds to the driver that the override names; only then the override may be taken back.
            device.overrideDriver(found.driver());
            if (found.driver().isPresent()) {
                device.probe();
            }
        }
        device.overrideDriver(found.override());
        if (!found.driver().equals(Optional.of(SysfsDevice.VIRTIO_PCI))) {
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
