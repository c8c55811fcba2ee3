package dev.ninepin.testing;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.fid.TableLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real server for each test, chosen by {@link OnServer}, and sessions with it over watched channels. */
@Timeout(120)
public abstract class SessionFixture {
    /** The exported directory; empty before each test. */
    @TempDir(factory = InMemory.Place.class)
    protected Path export;

    protected RealServer server;

    /** The channel of {@link #session}. */
    protected volatile WatchedChannel channel;

    /** The session that was connected last. */
    protected Session session;

    private final List<WatchedChannel> channels = new CopyOnWriteArrayList<>();
    private final List<Session> sessions = new ArrayList<>();

    /** Starts the server. A subclass without {@link OnServer} overrides this. */
    protected RealServer start(final Path directory) throws IOException {
        return onServer().orElseThrow().value().start(directory);
    }

    private Optional<OnServer> onServer() {
        return Optional.ofNullable(getClass().getAnnotation(OnServer.class));
    }

    @BeforeEach
    void startServer() throws IOException {
        server = start(export);
    }

    @AfterEach
    void endServer() {
        sessions.forEach(Session::close);
        server.close();
        channels.forEach(WatchedChannel::assertLawful);
    }

    /** Returns the default options, attached to the export as the user of this process. */
    protected SessionOptions options() throws IOException {
        return SessionOptions.defaults(uid())
                .withAname(server.aname())
                .withMsize(onServer().map(OnServer::msize).orElse(SessionOptions.DEFAULT_MSIZE));
    }

    protected Session connect(final SessionOptions options) throws IOException {
        channel = new WatchedChannel(server.connect(options.msize()));
        channels.add(channel);
        session = Session.connect(channel, options);
        sessions.add(session);
        channel.mustNotHold(TableLock.of(session));
        return session;
    }

    /** Connects as {@link #connect} does, over one channel after another. {@code cuts} decides where channels break. */
    protected Session connectAgainAndAgain(final SessionOptions options, final Cuts cuts) throws IOException {
        session = Session.connect(
                () -> {
                    if (server.hasEnded()) {
                        // diod 1.0.24 may crash when a client disconnects while it is busy.
                        server.restart();
                    }
                    final WatchedChannel next = new WatchedChannel(server.connect(options.msize()));
                    channels.add(next);
                    channel = next;
                    return new CuttingChannel(next, cuts);
                },
                options);
        sessions.add(session);
        channel.mustNotHold(TableLock.of(session));
        return session;
    }

    /** Returns the numeric user ID of this process. */
    public static int uid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    public static ByteString name(final String text) {
        return ByteString.of(text);
    }
}
