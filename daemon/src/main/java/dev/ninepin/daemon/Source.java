package dev.ninepin.daemon;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.StreamChannel;
import dev.ninepin.channel.Vio9pChannel;
import dev.ninepin.virtio.DriverKind;
import dev.ninepin.virtio.QemuChannel;
import dev.ninepin.virtio.VirtioDevices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What to mount: the way to a 9P server. Its text, {@code toString()}, can be parsed again to the same source, from any
 * working directory.
 */
public sealed interface Source {
    /**
     * Reads a source as it stands on the command line.
     *
     * @throws NinepinException with {@link ExitCode#USAGE}, saying what can be mounted
     */
    static Source parse(final String text) throws NinepinException {
        return SourceParser.parse(text);
    }

    /**
     * Finds out, without starting anything, whether this can't work.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if what the source names is not there
     */
    void check() throws NinepinException;

    /**
     * Opens the way to the server. The caller closes it.
     *
     * @param maxMessageSize the msize that is going to be proposed, in bytes
     */
    Channel open(int maxMessageSize) throws IOException;

    /**
     * As {@link #open(int)}, in the way that {@code -o driver=} asks for.
     *
     * @param driver empty but for a source that takes it
     */
    default Channel open(final int maxMessageSize, final Optional<DriverKind> driver) throws IOException {
        return open(maxMessageSize);
    }

    /** Whether {@code -o driver=} means anything for this. */
    default boolean takesDriver() {
        return false;
    }

    /**
     * A virtio-9p device of this system.
     *
     * @param name its mount tag, or its PCI address
     */
    record Virtio(String name) implements Source {
        /** Which devices there are is found out when one is opened. */
        @Override
        public void check() throws NinepinException {
            if (!User.currentIsRoot()) {
                throw NinepinException.mountFailed(
                        "the source " + this + " is a device, and driving one from user space needs root");
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

    /** A directory here, exported by a QEMU that Ninepin starts itself. */
    record Qemu(Path directory, SortedMap<String, String> options) implements Source {
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
                            + FileKind.absence(
                                    directory, "qemu: exports a directory of this machine; create it first"));
                default ->
                    throw NinepinException.mountFailed(
                            "the source " + directory + " is not a directory: qemu: exports directories only");
            }
        }

        @Override
        public Channel open(final int maxMessageSize) throws IOException {
            final SortedMap<String, String> asked = options();
            // Else two file systems below the directory may have files with one number: QEMU's default before 10.0.
            asked.putIfAbsent("multidevs", "remap");
            return QemuChannel.open(directory, Map.copyOf(asked), maxMessageSize);
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
                    throw NinepinException.mountFailed(
                            "the source " + path + FileKind.absence(path, "start the server that listens there first"));
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
        /** The port of 9P, from IANA's registry. */
        static final int DEFAULT_PORT = 564;

        /** Nothing can be known without connecting. */
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

    /** A server on another machine of the same host, or on the host itself, over vsock. */
    record Vsock(long cid, long port) implements Source {
        /** Nothing can be known without connecting. */
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

    /** A character device of illumos's driver vio9p. */
    record Vio9p(Path path) implements Source {
        @Override
        public void check() throws NinepinException {
            final FileKind kind = FileKind.of(path);
            if (kind == FileKind.NONE) {
                throw NinepinException.mountFailed("the source " + path
                        + FileKind.absence(path, "vio9p: names a device of illumos's driver, such as /dev/9p/0"));
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
            if (!Programs.find(program)) {
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
