package dev.ninepin.mounted;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.FuseMount;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.SessionStatus;
import dev.ninepin.share.Share;
import dev.ninepin.share.UserAccess;
import dev.ninepin.testing.Leftovers;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A fresh export, mounted on a fresh directory, in this process. Closing it unmounts, and fails if anything is left: a
 * fid, a tag, a thread, a process, a mount, a file, or an open file of this process.
 */
public final class TestMount implements AutoCloseable {
    private static final long SERVER_ENDS_WITHIN_SECONDS = 20;

    private final Path home;
    private final Programs programs;
    private final Leftovers before;
    private final Server server;

    /** Whose server and export these are; null if they are its own. */
    private final @Nullable TestMount first;

    private final MountSetup setup;
    private final Session session;
    private final Share share;
    private final FuseMount fuse;

    /** What this process holds as long as it is mounted. */
    private final Leftovers mounted;

    private boolean serverKilled;

    private TestMount(final MountSetup setup, final @Nullable TestMount first) throws IOException {
        this.setup = setup;
        this.first = first;
        // The JVM opens its sources of random numbers, and a socket to close others with, when it first needs them, and
        // keeps them open.
        new SecureRandom().nextLong();
        SocketChannel.open().close();
        before = Leftovers.now();
        // A server that serves a user as this user must be able to come as far as to the export.
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
        server = first == null ? setup.kind().export(export) : first.server;
        final SessionOptions options = setup.session().withAname(server.aname());
        // What has come up goes down again if the rest does not.
        final Deque<AutoCloseable> up = new ArrayDeque<>();
        if (first == null) {
            up.push(server);
        }
        try {
            session = Session.connect(server.connect(), options);
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

    /** Another mount of the same export, over a channel of its own, as another host has one; to be closed before this. */
    TestMount another() throws IOException {
        return new TestMount(setup, this);
    }

    /** The path of a file through the mount. */
    public Path here(final String name) {
        return programs.directory().resolve(name);
    }

    /** The path of a file on the server's side. */
    Path there(final String name) {
        return programs.export().resolve(name);
    }

    /** An empty directory beside the mount, for this name. */
    public Path beside(final String name) throws IOException {
        return Files.createDirectory(home.resolve(name));
    }

    /** Runs programs in the root of the mount. */
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

    SessionStatus session() {
        return session.status();
    }

    /** How many requests of some kinds the server has answered. */
    long roundTrips(final String... kinds) {
        return session.status().messages().stream()
                .filter(message -> List.of(kinds).contains(message.name()))
                .mapToLong(message -> message.count())
                .sum();
    }

    /** How many requests of one kind the kernel has sent. */
    long kernelRequests(final String kind) {
        return fuse.status().operations().stream()
                .filter(operation -> operation.name().equals(kind))
                .mapToLong(operation -> operation.count())
                .sum();
    }

    /** How many files and directories are remembered for the kernel. */
    int nodes() {
        return share.nodes();
    }

    /** How many requests the kernel has sent. */
    long kernelRequests() {
        return fuse.status().operations().stream()
                .mapToLong(operation -> operation.count())
                .sum();
    }

    /** Waits until nothing is under way. */
    void awaitIdle() {
        await().pollInSameThread().untilAsserted(() -> {
            assertThat(fuse.status().requestsInProgress())
                    .as("requests of the kernel")
                    .isZero();
            assertThat(session.status().tagsUsed()).as("tags in use").isZero();
        });
    }

    /** Waits until so many requests of the kernel are under way. */
    void awaitRequests(final int count) {
        await().until(() -> fuse.status().requestsInProgress() >= count);
    }

    /** Stops the server's process, as SIGSTOP does: it stays, and answers nothing. */
    void stopServer() throws IOException, InterruptedException {
        signalServer("STOP");
    }

    /** Lets the server go on. */
    void continueServer() throws IOException, InterruptedException {
        signalServer("CONT");
    }

    private void signalServer(final String signal) throws IOException, InterruptedException {
        final ProcessBuilder kill = new ProcessBuilder(
                "kill", "-" + signal, Long.toString(server.process().pid()));
        assertThat(kill.start().waitFor()).isZero();
    }

    /** Ends the server's process, as {@code kill -9} does, and returns when it has gone. */
    void killServer() throws Exception {
        serverKilled = true;
        final ProcessHandle process = server.process();
        process.destroyForcibly();
        process.onExit().get(SERVER_ENDS_WITHIN_SECONDS, TimeUnit.SECONDS);
    }

    /** Ends the mount, though it may be in use. */
    void end() {
        fuse.close();
    }

    /** Removes all files, and waits until all that came with them is gone; fails if it does not go. */
    void clear() throws IOException, InterruptedException {
        programs.run("find", ".", "-mindepth", "1", "-delete");
        assertThat(entries(there(""))).as("left on the server").isEmpty();
        awaitIdle();
        await().pollInSameThread().untilAsserted(() -> {
            final SessionStatus status = session.status();
            assertThat(status.fidsUsed()).as("fids, of which the root is one").isOne();
            assertThat(status.strayReplies()).as("stray replies").isZero();
        });
        awaitNothingBeyond(mounted, thread -> false);
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
        assertThat(fuse.ended()).as("the service has ended").isTrue();
        final SessionStatus end = session.status();
        if (!serverKilled) {
            assertThat(end.fidsUsed()).as("fids").isZero();
            assertThat(end.strayReplies()).as("stray replies").isZero();
        }
        assertThat(end.tagsUsed()).as("tags").isZero();
        // Where another mount lives on, that one may have got more workers meanwhile; its own end looks for what both
        // left.
        awaitNothingBeyond(before, thread -> first == null && thread.contains(" ninepin-"));
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"), ISO_8859_1))
                .as("mounts")
                .doesNotContain(programs.directory().toString());
        assertThat(hidden(programs.export())).as("files put aside").isEmpty();
        deleteAll();
    }

    /** Waits until this process holds no more than it did then: files, processes below it, threads that matter. */
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

    /** Not with Java's own means, for which a file name must be text. */
    private void deleteAll() throws IOException {
        final Process rm = new ProcessBuilder("rm", "-rf", home.toString()).start();
        try {
            assertThat(rm.waitFor()).isZero();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
