package dev.ninepin.daemon.control;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server for the clients of a {@link ControlSocket}. One thread serves all clients, and no client can block it. Each
 * client has a few seconds to send its request, which is a short line, and to receive the reply.
 */
public final class ControlServer implements AutoCloseable {
    /**
     * The maximum number of concurrent clients. When another client connects, the server drops the one with the
     * earliest deadline.
     */
    static final int MAX_CLIENTS = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

    /**
     * The interval between checks of deadlines while clients are connected, in ms. {@link #close} waits as long for
     * pending replies.
     */
    private static final long TICK_MILLIS = 500;

    /** A handler of requests. The server's thread calls it, so it must not block. */
    public interface Handler {
        CompletableFuture<String> handle(String request);
    }

    private final ControlSocket socket;
    private final Handler handler;
    private final Selector selector;
    private final Thread thread;

    /** Set by {@link #close}. The server then accepts no new clients and ends when the pending replies are sent. */
    private volatile boolean closing;

    private ControlServer(final ControlSocket socket, final Handler handler, final Selector selector) {
        this.socket = socket;
        this.handler = handler;
        this.selector = selector;
        this.thread = new Thread(this::run, "ninepin-control");
    }

    /** Starts a server for {@code socket}. Closing the server closes the socket. */
    public static ControlServer start(final ControlSocket socket, final Handler handler) throws IOException {
        final Selector selector = Selector.open();
        final ControlServer server = new ControlServer(socket, handler, selector);
        try {
            socket.channel().configureBlocking(false);
            socket.channel().register(selector, SelectionKey.OP_ACCEPT);
        } catch (final IOException e) {
            selector.close();
            throw e;
        }
        server.thread.setDaemon(true);
        server.thread.start();
        return server;
    }

    /** Returns the path of the socket. */
    public Path path() {
        return socket.path();
    }

    /** Stops the server. Replies that are ready are still sent, for at most half a second. Closes the socket. */
    @Override
    public void close() throws IOException {
        closing = true;
        selector.wakeup();
        try {
            thread.join(2 * TICK_MILLIS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        socket.close();
    }

    private void run() {
        try (selector) {
            final long never = Long.MAX_VALUE;
            long end = never;
            while (!closing || (!clients().isEmpty() && System.nanoTime() - end < 0)) {
                if (closing && end == never) {
                    end = System.nanoTime() + TICK_MILLIS * 1_000_000;
                }
                selector.select(clients().isEmpty() ? 0 : TICK_MILLIS);
                selector.selectedKeys().forEach(this::serve);
                selector.selectedKeys().clear();
                clients().forEach(ControlConnection::serve);
            }
            clients().forEach(ControlConnection::close);
        } catch (final IOException | RuntimeException e) {
            LOG.error(
                    "The control server has stopped, so ninepin status and umount no longer reach this daemon: {}",
                    e.getMessage(),
                    e);
        }
    }

    private void serve(final SelectionKey key) {
        if (!key.isValid() || !key.isAcceptable() || closing) {
            return;
        }
        try {
            final SocketChannel client = ((ServerSocketChannel) key.channel()).accept();
            if (client != null) {
                admit(client);
            }
        } catch (final IOException e) {
            LOG.debug("A client was gone before it was let in", e);
        }
    }

    private void admit(final SocketChannel client) throws IOException {
        final List<ControlConnection> present = clients();
        if (present.size() >= MAX_CLIENTS) {
            present.stream()
                    .min(Comparator.comparingLong(ControlConnection::deadline))
                    .ifPresent(ControlConnection::close);
        }
        client.configureBlocking(false);
        final SelectionKey key = client.register(selector, SelectionKey.OP_READ);
        key.attach(new ControlConnection(client, key, request -> {
            final CompletableFuture<String> reply = handler.handle(request);
            final CompletableFuture<Void> unused = reply.thenRun(selector::wakeup);
            return reply;
        }));
    }

    private List<ControlConnection> clients() {
        final List<ControlConnection> clients = new ArrayList<>();
        for (final SelectionKey key : selector.keys()) {
            if (key.isValid() && key.attachment() instanceof ControlConnection client) {
                clients.add(client);
            }
        }
        return clients;
    }
}
