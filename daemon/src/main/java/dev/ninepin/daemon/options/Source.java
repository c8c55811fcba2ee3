package dev.ninepin.daemon.options;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.channel.vio9p.Vio9pChannel;
import dev.ninepin.daemon.host.FileKind;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.ShellText;
import dev.ninepin.daemon.host.User;
import dev.ninepin.os.Programs;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.virtio.driver.DriverKind;
import dev.ninepin.virtio.driver.VirtioDevices;
import dev.ninepin.virtio.qemu.QemuChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A mount source: the address of a 9P server. {@link #parse} reads the text of {@code toString()} back to an equal
 * source, from any working directory.
 */
public sealed interface Source {
    /**
     * Parses a source as written on the command line.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if the text is not a valid source
     */
    static Source parse(final String text) throws NinepinException {
        return SourceParser.parse(text);
    }

    /**
     * Checks that the source can be opened, as far as possible without starting or connecting to anything.
     *
     * @throws NinepinException with {@code ExitCode.MOUNT_FAILED} if the source cannot work, for example because its
     *     path does not exist
     */
    void check() throws NinepinException;

    /**
     * Opens a channel to the server. The caller closes it.
     *
     * @param maxMessageSize the msize that the client will propose, in bytes
     */
    Channel open(int maxMessageSize) throws IOException;

    /**
     * Opens a channel with the driver that {@code -o driver=} selects. The caller closes it.
     *
     * @param maxMessageSize the msize that the client will propose, in bytes
     * @param driver the driver; empty for the best one, and always empty unless {@link #takesDriver}
     */
    default Channel open(final int maxMessageSize, final Optional<DriverKind> driver) throws IOException {
        return open(maxMessageSize);
    }

    /** Returns the msize to propose unless the user names one, in bytes. */
    default int msize() {
        return SessionOptions.DEFAULT_MSIZE;
    }

    /** Returns whether the option {@code -o driver=} applies to this source. */
    default boolean takesDriver() {
        return false;
    }

    /**
     * A virtio-9p device of this machine.
     *
     * @param name the mount tag or the PCI address
     */
    record Virtio(String name) implements Source {
        /** Checks only for root. {@link #open} looks for the device. */
        @Override
        public void check() throws NinepinException {
            if (!User.currentIsRoot()) {
                throw NinepinException.mountFailed("the source " + this
                        + " is a device, which only root can drive from user space: mount as root");
            }
        }

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            return open(maxMessageSize, Optional.empty());
        }

        @Override
        public Channel open(final int maxMessageSize, final Optional<DriverKind> driver) throws IOException {
            try {
                return VirtioDevices.ofThisSystem().open(name, driver, maxMessageSize);
            } catch (final IOException e) {
                if (FileKind.of(Path.of(name)) == FileKind.DIRECTORY) {
                    throw new IOException(
                            e.getMessage() + "; the directory " + name + " is mounted as "
                                    + ShellText.quote("qemu:" + name),
                            e);
                }
                throw e;
            }
        }

        @Override
        public boolean takesDriver() {
            return true;
        }

        @Override
        public String toString() {
            return "virtio:" + name;
        }
    }

    /** A directory of this machine, exported by a QEMU that Ninepin starts. */
    record Qemu(Path directory, SortedMap<String, String> options) implements Source {
        /**
         * 512 KiB of data and 24 bytes of header. The memory that this QEMU shares has no gaps, which larger messages need;
         * that of a device in a guest may have some.
         */
        private static final int MSIZE = 512 * 1024 + 24;

        public Qemu {
            options = new TreeMap<>(options);
        }

        @Override
        public SortedMap<String, String> options() {
            return new TreeMap<>(options);
        }

        @Override
        public void check() throws NinepinException {
            switch (FileKind.of(directory)) {
                case DIRECTORY -> {}
                case SOCKET ->
                    throw NinepinException.mountFailed(
                            "the source " + directory + " is a socket, not a directory: did you mean "
                                    + ShellText.quote("unix:" + directory) + "?");
                case NONE ->
                    throw NinepinException.mountFailed("the source " + directory
                            + FileKind.describeAbsence(
                                    directory, "qemu: exports a directory of this machine; create it first"));
                default ->
                    throw NinepinException.mountFailed(
                            "the source " + directory + " is not a directory: qemu: exports directories only");
            }
        }

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            final SortedMap<String, String> asked = options();
            // With QEMU's default before 10.0, files on different file systems below the directory could get the same
            // qid.path.
            asked.putIfAbsent("multidevs", "remap");
            return QemuChannel.open(directory, Map.copyOf(asked), maxMessageSize);
        }

        @Override
        public int msize() {
            return MSIZE;
        }

        @Override
        public String toString() {
            return "qemu:" + doubleCommas(directory.toString())
                    + options.entrySet().stream()
                            .map(option -> "," + option.getKey() + "=" + doubleCommas(option.getValue()))
                            .collect(Collectors.joining());
        }

        private static String doubleCommas(final String text) {
            return text.replace(",", ",,");
        }
    }

    /** A server that listens on a UNIX socket. */
    record Unix(Path path) implements Source {
        @Override
        public void check() throws NinepinException {
            switch (FileKind.of(path)) {
                case SOCKET -> {}
                case DIRECTORY ->
                    throw NinepinException.mountFailed(
                            "the source " + path + " is a directory, not a socket: did you mean "
                                    + ShellText.quote(new Qemu(path, new TreeMap<>()).toString()) + "?");
                case NONE ->
                    throw NinepinException.mountFailed("the source " + path
                            + FileKind.describeAbsence(path, "start the server that listens there first"));
                default ->
                    throw NinepinException.mountFailed("the source " + path + " is "
                            + FileKind.of(path).text() + ", not a socket: give the path on which the server listens");
            }
        }

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            return StreamChannel.unix(path);
        }

        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /** A server that listens on a TCP port. */
    record Tcp(String host, int port) implements Source {
        /** The port that IANA has assigned to 9P. */
        static final int DEFAULT_PORT = 564;

        /** Does nothing: only a connection attempt can tell. */
        @Override
        public void check() {}

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            return StreamChannel.tcp(host, port);
        }

        @Override
        public String toString() {
            return "tcp:" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** A server on the host, or on another virtual machine of the same host, reached over vsock. */
    record Vsock(long cid, long port) implements Source {
        /** Does nothing: only a connection attempt can tell. */
        @Override
        public void check() {}

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            return StreamChannel.vsock(cid, port);
        }

        @Override
        public String toString() {
            return "vsock:" + cid + ":" + port;
        }
    }

    /** A character device of illumos's vio9p driver. */
    record Vio9p(Path path) implements Source {
        @Override
        public void check() throws NinepinException {
            final FileKind kind = FileKind.of(path);
            if (kind == FileKind.NONE) {
                throw NinepinException.mountFailed("the source " + path
                        + FileKind.describeAbsence(
                                path, "vio9p: names a device of illumos's driver, such as /dev/9p/0"));
            }
            if (kind != FileKind.CHARACTER_DEVICE) {
                throw NinepinException.mountFailed("the source " + path
                        + " is not a character device: vio9p: names one of illumos's driver, such as /dev/9p/0");
            }
        }

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            return Vio9pChannel.open(path);
        }

        @Override
        public String toString() {
            return "vio9p:" + path;
        }
    }

    /** A command that speaks 9P on its standard input and output, started without a shell. */
    record Exec(List<String> command) implements Source {
        public Exec {
            command = List.copyOf(command);
        }

        @Override
        public void check() throws NinepinException {
            final String program = command.get(0);
            if (Programs.inPath().find(program).isEmpty()) {
                throw NinepinException.mountFailed("the command " + program + " of the source was not found:"
                        + " give its full path, or install it");
            }
        }

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            return StreamChannel.exec(command);
        }

        @Override
        public String toString() {
            return "exec:" + CommandWords.join(command);
        }
    }
}
