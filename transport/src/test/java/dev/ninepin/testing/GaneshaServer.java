package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.stream.StreamChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An nfs-ganesha process that exports one directory over 9P and is reached through a UNIX socket. Needs root.
 *
 * <p>nfs-ganesha listens on all addresses, so it runs in its own network namespace, where socat forwards each
 * connection of the socket to its port. Both processes end with the PID namespace that they share. The first process of
 * this namespace reads from a pipe for as long as this JVM lives. The server accepts connections once it is
 * constructed, and has exited once it is closed. Used by one thread at a time.
 */
public final class GaneshaServer extends ServerProcess {
    private static final int PORT = 15640;

    /** The text by which {@code /proc/net/tcp6} shows a socket that listens on the port. */
    private static final String LISTENING = ":%04X 00000000000000000000000000000000:0000 0A ".formatted(PORT);

    /**
     * The configuration. Attributes expire at once, so that the server notices changes that a test makes in the export.
     * Locks have no grace period, because the server would refuse all locks in the first 90 seconds.
     */
    private static final String CONFIGURATION = """
            NFS_CORE_PARAM {
                Protocols = 9P; NFS_Port = 20490; MNT_Port = 20480; NLM_Port = 20470; Rquota_Port = 20460;
                Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
            }
            NFSv4 { Graceless = true; }
            _9P { _9P_TCP_Port = %d; _9P_TCP_Msize = 65536; }
            EXPORT {
                Export_Id = 77; Path = "%s"; Pseudo = /share; Tag = share; Access_Type = RW; Squash = No_Root_Squash;
                Protocols = 9P; Transports = TCP; SecType = none, sys; Attr_Expiration_Time = 0; FSAL { Name = VFS; }
            }
            LOG { Default_Log_Level = EVENT; }
            """;

    private GaneshaServer(final Path export, final Path runtime) throws IOException {
        super(
                export,
                runtime,
                List.of(
                        "unshare",
                        "--net",
                        "--pid",
                        "--fork",
                        "--kill-child=KILL",
                        "sh",
                        "-c",
                        "ip link set lo up && { socat -b 131072 UNIX-LISTEN:socket,fork TCP:127.0.0.1:" + PORT
                                + " & ganesha.nfsd -F -f configuration -L log -p pid & exec cat; }"));
        awaitStart(() -> listens() ? Optional.of(true) : Optional.empty());
    }

    /** Exports {@code export}. */
    public static GaneshaServer start(final Path export) throws IOException {
        final Path runtime = makeRuntime();
        Files.writeString(runtime.resolve("configuration"), CONFIGURATION.formatted(PORT, export));
        return new GaneshaServer(export, runtime);
    }

    @Override
    public ServerKind kind() {
        return ServerKind.GANESHA;
    }

    @Override
    public Channel connect(final int maxMessageSize) throws IOException {
        return StreamChannel.unix(socket());
    }

    @Override
    public void kill() {
        // First the first process of the PID namespace, whose end ends all others. Then its parent, which waits for it.
        final List<ProcessHandle> first = process().children().toList();
        first.forEach(ProcessHandle::destroyForcibly);
        if (first.isEmpty()) {
            process().destroyForcibly();
        }
        awaitEnd(process());
    }

    /** Returns whether the server listens in its network namespace, which is the namespace of its process. */
    private boolean listens() throws IOException {
        return Files.exists(socket())
                && Files.readString(Path.of("/proc", Long.toString(process().pid()), "net", "tcp6"))
                        .contains(LISTENING);
    }
}
