package dev.ninepin.virtio.driver;

import dev.ninepin.os.LockFile;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciConfigFile;
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
 * The exclusive claim of one Ninepin process on a device.
 *
 * <p>{@link #close} restores what the claim found: the same kernel driver or none, and the same {@code
 * driver_override}. It also restores the command register, unless the device's driver sets that register itself. Once
 * the device is back with virtio-pci, the kernel binds its virtio device to the kernel's own 9p whenever that module is
 * loaded.
 *
 * <p>The claim is a lock on a file for the device. A second file records the state in which the device was found. If
 * the process is killed, the next claim reads that record, and restores the recorded state.
 *
 * <p>One thread at a time.
 */
final class DeviceClaim implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceClaim.class);

    private final SysfsDevice device;
    private final Object identity;
    private final KernelUses kernel;
    private final LockFile lock;
    private final Path record;
    private Found found;

    /** The state in which a device was found: its kernel driver, its {@code driver_override}, its command register. */
    private record Found(Optional<String> driver, Optional<String> override, int command) {
        private static final String DRIVER = "driver";
        private static final String OVERRIDE = "driver_override";
        private static final String COMMAND = "command";

        Found boundTo(final Optional<String> late) {
            return new Found(late, override, command);
        }

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

        /**
         * Parses a record that an earlier process left because it was killed. Returns empty if {@code text} is no such
         * record.
         */
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
            final Object identity,
            final KernelUses kernel,
            final LockFile lock,
            final Path record,
            final Found found) {
        this.device = device;
        this.identity = identity;
        this.kernel = kernel;
        this.lock = lock;
        this.record = record;
        this.found = found;
    }

    /** Returns the lock file of the device at {@code address}. The process that uses the device holds its lock. */
    private static Path lockFile(final Path directory, final String address) {
        return directory.resolve("pci-" + address + ".lock");
    }

    /**
     * Tries to take the lock of a device. Only one thread on this system tries at a time, so that no claim finds the
     * lock that {@link #isHeld} takes for a moment.
     */
    private static Optional<LockFile> tryLock(final Path directory, final String address) throws IOException {
        try (LockFile ignored = LockFile.take(directory.resolve("pci.lock"))) {
            return LockFile.tryTake(lockFile(directory, address));
        }
    }

    /**
     * Returns whether a Ninepin process holds the claim on a device; false if this user may not find out.
     *
     * @param directory the directory of the lock files
     */
    static boolean isHeld(final String address, final Path directory) throws IOException {
        if (!Files.isReadable(lockFile(directory, address))) {
            return false;
        }
        try (LockFile ignored = LockFile.take(directory.resolve("pci.lock"))) {
            final Optional<LockFile> lock = LockFile.tryTake(lockFile(directory, address));
            lock.ifPresent(LockFile::close);
            return lock.isEmpty();
        }
    }

    /**
     * Claims {@code device}, without changing the device yet.
     *
     * @param directory the directory of the lock files, shared by all processes that claim devices
     * @param kernel the check for the kernel's own uses of devices
     * @throws DeviceInUseException if the device is in use
     */
    static DeviceClaim take(final SysfsDevice device, final Path directory, final KernelUses kernel)
            throws IOException {
        final LockFile lock = tryLock(directory, device.address())
                .orElseThrow(() -> new DeviceInUseException(device, DeviceUse.byNinepin()));
        try {
            final Path record = directory.resolve("pci-" + device.address() + ".found");
            final Object identity = device.identity();
            final Found found = find(device, record);
            requireUnused(device, kernel);
            Files.writeString(record, found.text());
            return new DeviceClaim(device, identity, kernel, lock, record, found);
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
                        "a previous process ended without restoring the device at {}; its record is used to restore it",
                        device.address());
                return left.get();
            }
        }
        try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
            return new Found(device.driver(), device.driverOverride(), config.readConfig16(PciConfig.COMMAND));
        }
    }

    /** Returns the claimed device. */
    SysfsDevice device() {
        return device;
    }

    /**
     * Unbinds the device from its kernel driver, and binds it to the driver of {@code kind}.
     *
     * @throws DeviceInUseException if the kernel has begun to use the device
     * @throws IOException if the kernel does not bind the device
     */
    void bind(final DriverKind kind) throws IOException {
        final Optional<String> wanted = kind == DriverKind.SYSFS ? Optional.empty() : Optional.of(kind.kernelDriver());
        // First, so that the kernel does not bind a newly plugged device meanwhile.
        device.overrideDriver(Optional.of(kind.kernelDriver()));
        if (!device.driver().equals(wanted)) {
            noteLateDriver();
            unbind();
            device.probe();
        }
        if (!device.driver().equals(wanted)) {
            throw new IOException("the kernel did not bind " + device.address() + " to " + kind.kernelDriver()
                    + ": the kernel's log (dmesg) may say why");
        }
        LOG.debug("{} is bound to {}", device.address(), wanted.orElse("no driver"));
    }

    /** Records the driver of a device that had no driver when it was found, because it had just been plugged in. */
    private void noteLateDriver() throws IOException {
        if (found.driver().isEmpty() && device.driver().isPresent()) {
            found = found.boundTo(device.driver());
            Files.writeString(record, found.text());
        }
    }

    /**
     * Unbinds the device from its kernel driver, after a last check that the kernel does not use it.
     *
     * <p>If the kernel mounts the device even after that check, unbinding blocks until the mount has ended. The mount
     * keeps working meanwhile.
     */
    private void unbind() throws IOException {
        requireUnused(device, kernel);
        device.unbind();
    }

    /**
     * Restores the previous state of the device, unless it was unplugged. The caller has reset the device and closed
     * all its files. Logs a failure, and does not throw it.
     */
    @Override
    public void close() {
        try {
            if (isPlugged()) {
                handBack();
            }
            Files.deleteIfExists(record);
        } catch (final IOException e) {
            noteFailure(e);
        } finally {
            lock.close();
        }
    }

    /** Returns whether the claimed device is still there. Another one may have been plugged in at its address. */
    private boolean isPlugged() {
        try {
            return device.identity().equals(identity);
        } catch (final IOException e) {
            return false;
        }
    }

    private void noteFailure(final IOException failure) {
        if (isPlugged()) {
            LOG.warn(
                    "cannot restore the previous state of the device at {}: {}",
                    device.address(),
                    failure.getMessage());
            return;
        }
        LOG.debug("the device at {} was unplugged before it was handed back", device.address(), failure);
        try {
            Files.deleteIfExists(record);
        } catch (final IOException e) {
            LOG.warn("cannot remove the record of an unplugged device: {}", e.getMessage());
        }
    }

    private void handBack() throws IOException {
        if (!device.driver().equals(found.driver())) {
            unbind();
            // The kernel binds the device to the driver that the override names. Only then can the override be
            // restored.
            device.overrideDriver(found.driver());
            if (found.driver().isPresent()) {
                device.probe();
            }
        }
        device.overrideDriver(found.override());
        if (!found.driver().equals(Optional.of(SysfsDevice.VIRTIO_PCI))) {
            // Of the drivers that a device may be taken from, only virtio-pci sets the command register itself.
            try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
                config.writeConfig16(PciConfig.COMMAND, found.command());
            }
        }
        if (!device.driver().equals(found.driver())) {
            throw new IOException("it is bound to " + device.driver().orElse("no driver") + " instead of "
                    + found.driver().orElse("none"));
        }
        LOG.debug("{} is handed back to {}", device.address(), found.driver().orElse("no driver"));
    }
}
