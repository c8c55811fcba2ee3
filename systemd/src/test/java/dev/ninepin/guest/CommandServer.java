package dev.ninepin.guest;

import dev.ninepin.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The guest's side of {@link ServedCommands}: runs commands of Ninepin, and JUnit classes, in one JVM, because a start
 * of Java takes half a minute under software emulation. {@code CommandServer SOCKET} serves one connection at a time.
 * The client sends the words of a command, separated by NUL, and ends its output. The reply is the line {@code STATUS
 * OUTPUT-BYTES}, the output, and the errors.
 *
 * <p>{@code mount} serves the mount in this JVM, as {@code mount -f} does, and replies when the share is mounted. {@code
 * umount} runs umount(8), and replies when the mount's thread has ended. {@code tests RESULTS CLASS…} is {@link
 * RunInGuest}.
 */
public final class CommandServer {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    /** What runs each mount, with its result. Used by the main thread only. */
    private final Map<String, CompletableFuture<Result>> mounts = new HashMap<>();

    private CommandServer() {}

    private record Result(int status, String output, String errors) {}

    public static void main(final String[] arguments) throws Exception {
        final CommandServer server = new CommandServer();
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(arguments[0]));
            while (true) {
                try (SocketChannel client = socket.accept()) {
                    server.serve(client);
                } catch (final IOException e) {
                    System.err.println("A client has not taken its reply, as after its time limit: " + e);
                }
            }
        }
    }

    private void serve(final SocketChannel client) throws Exception {
        final byte[] request = Channels.newInputStream(client).readAllBytes();
        final Result result = run(List.of(new String(request, Guest.TEXT).split("\0", -1)));
        final byte[] output = result.output.getBytes(Guest.TEXT);
        for (final byte[] part : List.of(
                (result.status + " " + output.length + "\n").getBytes(Guest.TEXT),
                output,
                result.errors.getBytes(Guest.TEXT))) {
            final ByteBuffer bytes = ByteBuffer.wrap(part);
            while (bytes.hasRemaining()) {
                client.write(bytes);
            }
        }
    }

    private Result run(final List<String> words) throws Exception {
        return switch (words.get(0)) {
            case "mount" -> mount(words);
            case "umount" -> unmount(words.get(1));
            case "tests" -> {
                RunInGuest.run(Path.of(words.get(1)), words.subList(2, words.size()));
                yield new Result(0, "", "");
            }
            default -> runCommand(words);
        };
    }

    private static Result runCommand(final List<String> words) {
        final StringWriter output = new StringWriter();
        final StringWriter errors = new StringWriter();
        final int status = Main.programs()
                .get(0)
                .setOut(new PrintWriter(output, true))
                .setErr(new PrintWriter(errors, true))
                .execute(words.toArray(String[]::new));
        return new Result(status, output.toString(), errors.toString());
    }

    private Result mount(final List<String> words) throws Exception {
        final String directory = words.get(words.size() - 1);
        final List<String> inForeground = new ArrayList<>(words);
        inForeground.add(1, "-f");
        final CompletableFuture<Result> mount = new CompletableFuture<>();
        final Thread thread = new Thread(() -> mount.complete(runCommand(inForeground)), "mount " + directory);
        thread.setDaemon(true);
        thread.start();
        while (!mount.isDone() && !isMounted(directory)) {
            Thread.sleep(20);
        }
        if (mount.isDone()) {
            return mount.get();
        }
        mounts.put(directory, mount);
        return new Result(0, "", "");
    }

    private static boolean isMounted(final String directory) throws IOException {
        try (var lines = Files.lines(MOUNTS)) {
            return lines.anyMatch(line -> line.contains(" " + directory + " ") && line.contains(" fuse.ninepin "));
        }
    }

    private Result unmount(final String directory) throws Exception {
        final Process umount = new ProcessBuilder("umount", directory).start();
        final String output = new String(umount.getInputStream().readAllBytes(), Guest.TEXT);
        final String errors = new String(umount.getErrorStream().readAllBytes(), Guest.TEXT);
        final int status = umount.waitFor();
        if (status != 0) {
            return new Result(status, output, errors);
        }
        return mounts.remove(directory).get();
    }
}
