package dev.ninepin.guest;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/** A connection to the monitor of a guest's QEMU (QMP), which plugs devices and stops the machine. One thread at a time. */
final class Monitor implements AutoCloseable {
    private static final Gson GSON = new Gson();

    private final SocketChannel socket;
    private final BufferedReader messages;

    private Monitor(final SocketChannel socket) {
        this.socket = socket;
        this.messages = new BufferedReader(Channels.newReader(socket, Guest.TEXT));
    }

    /** Connects to the monitor of {@code guest}, which serves one connection at a time. */
    static Monitor of(final Guest guest) throws IOException {
        final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(guest.kind().monitor()));
        final Monitor monitor = new Monitor(socket);
        monitor.await(message -> message.has("QMP"));
        monitor.execute("qmp_capabilities", Map.of());
        return monitor;
    }

    /**
     * Plugs in another virtio-9p device of the directory {@link Guest#second}.
     *
     * @param tag its mount tag, which is also its name in QEMU
     * @param slot its properties, as in {@link GuestKind#slot}
     */
    void plugIn(final String tag, final Map<String, String> slot) throws IOException {
        final Map<String, String> arguments = new LinkedHashMap<>(slot);
        arguments.putAll(Map.of("driver", "virtio-9p-pci", "id", tag, "fsdev", "second", "mount_tag", tag));
        execute("device_add", arguments);
    }

    /** Unplugs a device, and blocks until the guest has released it. */
    void unplug(final String tag) throws IOException {
        execute("device_del", Map.of("id", tag));
        await(message -> message.has("event")
                && message.get("event").getAsString().equals("DEVICE_DELETED")
                && message.getAsJsonObject("data").has("device")
                && message.getAsJsonObject("data").get("device").getAsString().equals(tag));
    }

    /** Runs a command, and returns its result. */
    JsonObject execute(final String command, final Map<String, String> arguments) throws IOException {
        final String request = GSON.toJson(Map.of("execute", command, "arguments", arguments)) + "\n";
        final ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(Guest.TEXT));
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
        final JsonObject answer = await(message -> message.has("return") || message.has("error"));
        if (answer.has("error")) {
            throw new IOException(request + answer);
        }
        return answer.get("return").isJsonObject() ? answer.getAsJsonObject("return") : new JsonObject();
    }

    private JsonObject await(final Predicate<JsonObject> wanted) throws IOException {
        while (true) {
            final String line = messages.readLine();
            if (line == null) {
                throw new IOException("QEMU has ended");
            }
            final JsonObject message = JsonParser.parseString(line).getAsJsonObject();
            if (wanted.test(message)) {
                return message;
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
