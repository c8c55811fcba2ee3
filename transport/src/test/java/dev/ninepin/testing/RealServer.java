package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.virtio.qemu.QemuChannel;
import dev.ninepin.virtio.qemu.QemuProcesses;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A 9P server of another project that exports one directory, independent of how it is reached. */
public interface RealServer extends AutoCloseable {
    /** Opens a new channel to the server, for messages of up to {@code maxMessageSize} bytes. */
    Channel connect(int maxMessageSize) throws IOException;

    /** Returns the aname to attach to. */
    ByteString aname();

    /** Returns whether the server is QEMU, whose answers the protocol notes describe. */
    boolean isQemu();

    /** Returns whether the server is nfs-ganesha, which answers each error with an {@link dev.ninepin.p9.Rerror}. */
    default boolean isGanesha() {
        return false;
    }

    default boolean isDiod() {
        return !isQemu() && !isGanesha();
    }

    /** Returns whether files have POSIX ACLs. */
    boolean keepsAcls();

    /** Returns whether a file has the same mode, owner and type on the host as over 9P. */
    boolean keepsModesOnHost();

    /** Kills the server as {@code kill -9} does. */
    void kill();

    @Override
    void close();

    static RealServer diodOnUnixSocket(final Path export) throws IOException {
        final DiodServer diod = DiodServer.onUnixSocket(export);
        return new Diod(diod, () -> StreamChannel.unix(diod.socket()));
    }

    static RealServer diodOnTcp(final Path export) throws IOException {
        final DiodServer diod = DiodServer.onTcp(export);
        return new Diod(diod, () -> StreamChannel.tcp("127.0.0.1", diod.port()));
    }

    static RealServer ganesha(final Path export) throws IOException {
        return new Ganesha(new GaneshaServer(export));
    }

    static RealServer qemu(final Path export, final Map<String, String> options) {
        return new Qemu(export, options);
    }

    /** A function that opens a channel. */
    @FunctionalInterface
    interface Connector {
        Channel connect() throws IOException;
    }

    /** A diod server. */
    record Diod(DiodServer server, Connector connector) implements RealServer {
        @Override
        public Channel connect(final int maxMessageSize) throws IOException {
            return connector.connect();
        }

        @Override
        public ByteString aname() {
            return server.aname();
        }

        @Override
        public boolean isQemu() {
            return false;
        }

        @Override
        public boolean keepsAcls() {
            return true;
        }

        @Override
        public boolean keepsModesOnHost() {
            return true;
        }

        @Override
        public void kill() {
            server.kill();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    /** An nfs-ganesha server. */
    record Ganesha(GaneshaServer server) implements RealServer {
        @Override
        public Channel connect(final int maxMessageSize) throws IOException {
            return StreamChannel.unix(server.socket());
        }

        @Override
        public ByteString aname() {
            return server.aname();
        }

        @Override
        public boolean isQemu() {
            return false;
        }

        @Override
        public boolean isGanesha() {
            return true;
        }

        @Override
        public boolean keepsAcls() {
            return true;
        }

        @Override
        public boolean keepsModesOnHost() {
            return true;
        }

        @Override
        public void kill() {
            server.kill();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    /**
     * QEMU servers, one for each channel. Files have the same owners as on the host, unless the options say otherwise.
     */
    record Qemu(Path export, Map<String, String> options) implements RealServer {
        @Override
        public Channel connect(final int maxMessageSize) throws IOException {
            final Map<String, String> asked = new HashMap<>(Map.of("multidevs", "warn"));
            asked.putAll(options);
            return QemuChannel.open(export, asked, maxMessageSize);
        }

        @Override
        public ByteString aname() {
            return ByteString.EMPTY;
        }

        @Override
        public boolean isQemu() {
            return true;
        }

        @Override
        public boolean keepsAcls() {
            return !options.getOrDefault("security_model", "none").equals("none");
        }

        @Override
        public boolean keepsModesOnHost() {
            return !options.getOrDefault("security_model", "none").startsWith("mapped");
        }

        @Override
        public void kill() {
            QemuProcesses.of(export).forEach(ProcessHandle::destroyForcibly);
        }

        @Override
        public void close() {
            // A QEMU ends with its channel.
        }
    }
}
