package dev.ninepin.mounted;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.FuseMount;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.SessionStatus;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.testing.Leftovers;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A new export, mounted on a new directory in this process. Closing it unmounts, and fails if anything is left: a fid,
 * a tag, a thread, a process, a mount, a file, or an open file of this process.
 */
public final class TestMount implements AutoCloseable {
    private final Path home;
    private final Programs programs;
    private final Leftovers before;
    private final RealServer server;

    /** The mount whose server and export this mount uses; null if this mount has its own. */
    private final @Nullable TestMount first;

    private final MountSetup setup;
    private final Session session;
    private final Share share;
    private final FuseMount fuse;

    /** The resources that this process holds while it is mounted. */
    private final Leftovers mounted;

    private boolean serverKilled;

    private TestMount(final MountSetup setup, final @Nullable TestMount first) throws IOException {
        this.setup = setup;
        this.first = first;
        // Opens what the JVM opens on first use and then keeps open: its sources of random numbers, and a socket that
        // it uses to close others.
        new SecureRandom().nextLong();
        SocketChannel.open().close();
        before = Leftovers.now();
        // A server that acts as different users must let each of them reach the export.
        final boolean forAll = setup.share().access().kind() != UserAccess.Kind.ANY;
        home = (forAll
                        ? Files.createTempDirectory(Path.of("/tmp"), "ninepin-mount-test")
                        : Files.createTempDirectory("ninepin-mount-test"))
                .toRealPath();
        if (forAll) {
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx--x--x"));
        }
        final Path export = first == null ? Files.createDirectory(home.resolve("export")) : first.programs.export();
        final Path directory = Files.createDirectory(home.resolve("mounted"));
        programs = new Programs(directory, export, setup.kind().isMapped(), setup.kind() == ServerKind.GANESHA);
        server = first == null ? setup.kind().start(export) : first.server;
        final SessionOptions options = setup.session().withAname(server.aname());
        // If a later step fails, the earlier ones are undone.
        final Deque<AutoCloseable> up = new ArrayDeque<>();
        if (first == null) {
            up.push(server);
        }
        try {
            session = setup.reconnects()
                    ? Session.connect(() -> server.connect(options.msize()), options)
                    : Session.connect(server.connect(options.msize()), options);
            up.push(session);
            share = Share.open(session, setup.share());
            up.push(share);
            fuse = FuseMount.mount(share, directory, setup.fuse());
        } catch (final IOException | RuntimeException e) {
            up.forEach(each -> closeAfter(e, each));
            deleteAll();
            throw e;
        }
        mounted = Leftovers.now();
    }

    private static void closeAfter(final Exception failure, final AutoCloseable what) {
        try {
            what.close();
        } catch (final Exception e) {
            failure.addSuppressed(e);
        }
    }

    static TestMount mount(final MountSetup setup) throws IOException {
        return new TestMount(setup, null);
    }

    /**
     * Mounts the same export again over a channel of its own, as another host does. The caller closes the new mount
     * before this one.
     */
    TestMount another() throws IOException {
        return new TestMount(setup, this);
    }

    /** Returns the path of a file through the mount. */
    public Path here(final String name) {
        return programs.directory().resolve(name);
    }

    /** Returns the path of a file on the server. */
    Path there(final String name) {
        return programs.export().resolve(name);
    }

    /** Creates an empty directory with this name beside the mount. */
    public Path beside(final String name) throws IOException {
        return Files.createDirectory(home.resolve(name));
    }

    /** Returns the runner of programs in the root of the mount. */
    Programs programs() {
        return programs;
    }

    List<String> python(final String script, final String... arguments) throws IOException, InterruptedException {
        return programs.python(script, arguments);
    }

    List<String> sh(final String script, final String... arguments) throws IOException, InterruptedException {
        return programs.sh(script, arguments);
    }

    List<String> script(final String name, final String... arguments) throws IOException, InterruptedException {
        return programs.script(name, arguments);
    }

    /** Returns how often the session has reconnected. */
    int connection() {
        return session.connection();
    }

    SessionStatus session() {
        return session.status();
    }

    /** Returns the number of requests of these kinds that the server has answered. */
    long roundTrips(final String... kinds) {
        return session.status().messages().stream()
                .filter(message -> List.of(kinds).contains(message.name()))
                .mapToLong(message -> message.count())
                .sum();
    }

    /** Returns the number of requests of this kind that the kernel has sent. */
    long kernelRequests(final String kind) {
        return fuse.status().operations().stream()
                .filter(operation -> operation.name().equals(kind))
                .mapToLong(operation -> operation.count())
                .sum();
    }

    /** Returns the number of nodes that the share keeps for the kernel. */
    int nodes() {
        return share.nodes();
    }

    /** Returns the number of all requests that the kernel has sent. */
    long kernelRequests() {
        return fuse.status().operations().stream()
                .mapToLong(operation -> operation.count())
                .sum();
    }

    /** Blocks until no request is in progress. */
    void awaitIdle() {
        await().pollInSameThread().untilAsserted(() -> {
            assertThat(fuse.status().requestsInProgress())
                    .as("requests of the kernel")
                    .isZero();
            assertThat(session.status().tagsUsed()).as("tags in use").isZero();
        });
    }

    /** Blocks until at least {@code count} of the kernel's requests are in progress. */
    void awaitRequests(final int count) {
        await().until(() -> fuse.status().requestsInProgress() >= count);
    }

    /** Stops the server's process with SIGSTOP: it stays alive, but sends no replies. */
    void stopServer() throws IOException, InterruptedException {
        signalServer("STOP");
    }

    /** Continues the server's process after {@link #stopServer}. */
    void continueServer() throws IOException, InterruptedException {
        signalServer("CONT");
    }

    private void signalServer(final String signal) throws IOException, InterruptedException {
        final ProcessBuilder kill = new ProcessBuilder(
                "kill", "-" + signal, Long.toString(server.process().pid()));
        assertThat(kill.start().waitFor()).isZero();
    }

    /** Kills the server's process with SIGKILL, and blocks until it has ended. */
    void killServer() {
        serverKilled = true;
        server.kill();
    }

    /** Starts the server again after {@link #killServer}. The mount may then reconnect. */
    void restartServer() throws IOException {
        server.restart();
        serverKilled = false;
    }

    /** Ends the mount, even if it is in use. */
    void end() {
        session.stopWaiting();
        fuse.close();
    }

    /**
     * Removes all files, and waits until all resources that belong to them have been released. Fails if they are not.
     */
    void clear() throws IOException, InterruptedException {
        programs.run("find", ".", "-mindepth", "1", "-delete");
        // The kernel does not wait for the RELEASE of what a program had open (fs/fuse/file.c, fuse_file_put). Until
        // then a
        // removed file is only put aside.
        await().pollInSameThread()
                .untilAsserted(() ->
                        assertThat(entries(there(""))).as("left on the server").isEmpty());
        awaitIdle();
        await().pollInSameThread().untilAsserted(() -> {
            final SessionStatus status = session.status();
            assertThat(status.fidsUsed())
                    .as("fids, of which the root is one")
                    .isEqualTo(1 + session.fids().ahead());
            // For the next file that is created in the root.
            assertThat(session.fids().ahead()).as("fids ahead").isLessThanOrEqualTo(1);
            assertThat(status.strayReplies()).as("stray replies").isZero();
        });
        if (session.connection() == 0) {
            awaitNothingBeyond(mounted, thread -> false);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            if (!serverKilled) {
                awaitIdle();
            }
            fuse.unmount();
        } finally {
            fuse.close();
            share.close();
            if (first == null) {
                server.close();
            }
        }
        assertThat(fuse.hasEnded()).as("the service has ended").isTrue();
        final SessionStatus end = session.status();
        if (!serverKilled) {
            assertThat(end.fidsUsed()).as("fids").isZero();
            assertThat(end.strayReplies()).as("stray replies").isZero();
        }
        assertThat(end.tagsUsed()).as("tags").isZero();
        // Another mount that is still open may have started more workers since, or connected again. Closing that mount
        // checks for what both have left.
        if (first == null || session.connection() == 0) {
            awaitNothingBeyond(before, thread -> first == null && thread.contains(" ninepin-"));
        }
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"), ISO_8859_1))
                .as("mounts")
                .doesNotContain(programs.directory().toString());
        assertThat(hidden(programs.export())).as("files put aside").isEmpty();
        deleteAll();
    }

    /** Blocks until this process holds no more files, child processes and relevant threads than in {@code then}. */
    private static void awaitNothingBeyond(final Leftovers then, final Predicate<String> thatMatter) {
        await().pollInSameThread().untilAsserted(() -> {
            final Leftovers now = Leftovers.now();
            assertThat(then.descriptors()).as("file descriptors").containsAll(now.descriptors());
            assertThat(then.children()).as("processes").containsAll(now.children());
            assertThat(then.threads())
                    .as("threads")
                    .containsAll(now.threads().stream().filter(thatMatter).toList());
        });
    }

    private static List<Path> entries(final Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    private static List<Path> hidden(final Path export) throws IOException {
        try (var all = Files.find(export, Integer.MAX_VALUE, (path, attributes) -> path.getFileName()
                .toString()
                .startsWith(".ninepin-"))) {
            return all.toList();
        }
    }

    /** Removes the home directory with rm(1), because Java cannot handle file names that are not text. */
    private void deleteAll() throws IOException {
        final Process rm = new ProcessBuilder("rm", "-rf", home.toString()).start();
        try {
            assertThat(rm.waitFor()).isZero();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
