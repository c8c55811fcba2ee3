package dev.ninepin.mounted;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.GaneshaServer;
import dev.ninepin.virtio.qemu.QemuChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A server that a test starts, which exports one directory. Closing it ends its process. */
interface Server extends AutoCloseable {
    Channel connect() throws IOException;

    /** Returns the aname to attach to. */
    ByteString aname();

    /** Returns the process that serves the channel. */
    ProcessHandle process();

    @Override
    void close();

    /**
     * A QEMU server, which starts and ends with its channel. Files keep their inode numbers of the host, unless the
     * options say otherwise.
     */
    record Qemu(Path directory, Map<String, String> options) implements Server {
        @Override
        public Channel connect() throws IOException {
            final Map<String, String> asked = new HashMap<>(Map.of("multidevs", "warn"));
            asked.putAll(options);
            return QemuChannel.open(directory, asked, SessionOptions.DEFAULT_MSIZE);
        }

        @Override
        public ByteString aname() {
            return ByteString.EMPTY;
        }

        @Override
        public ProcessHandle process() {
            return ProcessHandle.current()
                    .descendants()
                    .filter(process -> process.info()
                            .commandLine()
                            .filter(line -> line.contains("path=" + directory + ","))
                            .isPresent())
                    .findFirst()
                    .orElseThrow();
        }

        @Override
        public void close() {}
    }

    /** A diod server, which starts before its channel. */
    record Diod(DiodServer diod, Connector connector) implements Server {
        /** A function that opens a channel. */
        @FunctionalInterface
        interface Connector {
            Channel connect() throws IOException;
        }

        static Diod onUnixSocket(final Path directory) throws IOException {
            final DiodServer diod = DiodServer.onUnixSocket(directory);
            return new Diod(diod, () -> StreamChannel.unix(diod.socket()));
        }

        static Diod onTcp(final Path directory) throws IOException {
            final DiodServer diod = DiodServer.onTcp(directory);
            return new Diod(diod, () -> StreamChannel.tcp("127.0.0.1", diod.port()));
        }

        @Override
        public Channel connect() throws IOException {
            return connector.connect();
        }

        @Override
        public ByteString aname() {
            return diod.aname();
        }

        @Override
        public ProcessHandle process() {
            return ProcessHandle.of(diod.pid()).orElseThrow();
        }

        @Override
        public void close() {
            diod.close();
        }
    }

    /** An nfs-ganesha server, which starts before its channel. */
    record Ganesha(GaneshaServer ganesha) implements Server {
        @Override
        public Channel connect() throws IOException {
            return StreamChannel.unix(ganesha.socket());
        }

        @Override
        public ByteString aname() {
            return ganesha.aname();
        }

        @Override
        public ProcessHandle process() {
            return ProcessHandle.of(ganesha.pid()).orElseThrow();
        }

        @Override
        public void close() {
            ganesha.close();
        }
    }
}
