package dev.ninepin.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of unmounting in special cases: copies of a mount, dead and hung daemons, and concurrent unmounts. */
class UnmountIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Program.Result SUCCESS = new Program.Result(0, "", "");

    /**
     * The time limit of {@code ninepin umount} on a busy machine. It is far shorter than the time a daemon has to end.
     */
    private static final Duration AT_ONCE = Duration.ofSeconds(30);

    @TempDir
    private Path temporary;

    private Path mountPoint;
    private String source;

    /** The processes to end after each test. */
    private final List<ProcessHandle> started = new ArrayList<>();

    private final Set<Path> logs = new HashSet<>();

    @BeforeEach
    void makeShare() throws Exception {
        temporary = temporary.toRealPath();
        final Path share = Files.createDirectory(temporary.resolve("share"));
        mountPoint = Files.createDirectory(temporary.resolve("m n\nt"));
        source = "qemu:" + share;
        Files.writeString(share.resolve("hello"), "hello\n");
    }

    @AfterEach
    void leaveNothing() throws Exception {
        for (final ProcessHandle process : started) {
            process.destroyForcibly();
            await().atMost(PATIENCE).until(() -> !isRunning(process));
        }
        for (final Path mounted : mounts()) {
            run("umount", "-l", "--", mounted.toString());
        }
        for (final Path log : logs) {
            Files.deleteIfExists(log);
        }
    }

    @Test
    void aCopyInAnotherMountNamespaceIsNamedAndOutlivesTheUnmount() throws Exception {
        final ProcessHandle daemon = mount();
        final Process copy = copyMounts();

        final long begin = System.nanoTime();
        final Program.Result umount = Program.ninepin("umount", mountPoint);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
        assertThat(umount.exitCode()).isZero();
        assertThat(umount.errors())
                .contains("is unmounted, but the share is still mounted on ")
                .contains("in the mount namespace of process " + copy.pid() + " (sleep)")
                .contains("its daemon (pid " + daemon.pid() + ")")
                .hasLineCount(1);
        assertThat(mounts()).isEmpty();
        assertThat(helloSeenBy(copy)).hasContent("hello\n");

        final ProcessHandle second = mount();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(statusOf(daemon).get("state").getAsString()).isEqualTo("unmounting");
        assertThat(copiesOf(daemon)).containsExactly(mountPoint + " of " + copy.pid());
        assertThat(statusOf(second).get("state").getAsString()).isEqualTo("connected");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);

        assertThat(helloSeenBy(copy)).hasContent("hello\n");
        copy.destroyForcibly().waitFor();
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
    }

    @Test
    void anUnmountByOthersLeavesTheDirectoryToTheNextMountThoughACopyLives() throws Exception {
        final ProcessHandle daemon = mount();
        final Process copy = copyMounts();
        assertThat(run("umount", mountPoint.toString())).isEqualTo(SUCCESS);

        final JsonObject status = status();
        assertThat(status.get("pid").getAsLong()).isEqualTo(daemon.pid());
        assertThat(status.get("state").getAsString()).isEqualTo("unmounting");
        assertThat(copiesOf(daemon)).containsExactly(mountPoint + " of " + copy.pid());
        mount();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(helloSeenBy(copy)).hasContent("hello\n");
        assertThat(statusOf(daemon).get("state").getAsString()).isEqualTo("unmounting");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
        copy.destroyForcibly().waitFor();
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
    }

    @Test
    void inAnotherMountNamespaceItsCopyIsUnmounted() throws Exception {
        mount();
        final Process copy = copyMounts();
        final String ninepin = Program.TREE.resolve("ninepin").toString();
        final List<String> there = List.of("nsenter", "-m", "-t", Long.toString(copy.pid()), ninepin);
        final List<String> umount = new ArrayList<>(there);
        umount.addAll(List.of("umount", mountPoint.toString()));
        assertThat(Program.run(umount, Map.of())).isEqualTo(SUCCESS);
        assertThat(helloSeenBy(copy)).doesNotExist();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");

        // The directory is free in the other namespace, but its control socket belongs to the mount in this one.
        final List<String> mount = new ArrayList<>(there);
        mount.addAll(List.of("mount", source, mountPoint.toString()));
        final Program.Result refused = Program.run(mount, Map.of());
        assertThat(refused.exitCode()).isEqualTo(32);
        assertThat(refused.errors()).contains("another ninepin process serves");
        assertThat(status().get("state").getAsString()).isEqualTo("connected");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
    }

    @Test
    void aBindMountIsACopyToo() throws Exception {
        final ProcessHandle daemon = mount();
        final Path bound = Files.createDirectory(temporary.resolve("bound"));
        assertThat(run("mount", "--bind", mountPoint.toString(), bound.toString()))
                .isEqualTo(SUCCESS);
        assertThat(copiesOf(daemon)).containsExactly(bound.toString());
        assertThat(Program.ninepin("status").errors()).doesNotContain("the daemon of " + bound);
        assertThat(Program.ninepin("status", bound).output()).contains("  copies    " + bound);
        final Program.Result over = Program.ninepin("mount", source, bound);
        assertThat(over.exitCode()).isEqualTo(32);
        assertThat(over.errors()).contains("is already mounted on " + bound);

        final Program.Result umount = Program.ninepin("umount", mountPoint);
        assertThat(umount.exitCode()).isZero();
        assertThat(umount.errors())
                .contains("is still mounted on " + bound + "; its daemon")
                .hasLineCount(1);
        assertThat(bound.resolve("hello")).hasContent("hello\n");
        assertThat(Program.ninepin("umount", bound)).isEqualTo(SUCCESS);
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
    }

    @Test
    void aMountClearsWhatAKilledDaemonLeft() throws Exception {
        final ProcessHandle daemon = mount();
        daemon.destroyForcibly();
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
        await().atMost(PATIENCE).until(() -> !Files.exists(mountPoint.resolve("hello")));
        mount();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(mounts()).containsExactly(mountPoint);
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
        assertThat(mounts()).isEmpty();
    }

    @Test
    void mountingHelpersClearItToo() throws Exception {
        final ProcessHandle daemon = mount();
        daemon.destroyForcibly();
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
        final Path helper = Files.createSymbolicLink(
                temporary.resolve("mount.ninepin"), Program.TREE.resolve("daemon/target/ninepin"));
        assertThat(run(helper.toString(), source, mountPoint.toString(), "-o", "rw"))
                .isEqualTo(SUCCESS);
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        logs.add(Path.of(status().get("log").getAsString()));
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
    }

    @Test
    void severalUnmountsAtOnceSucceed() throws Exception {
        mount();
        unmountAtOnce(4);
        final ProcessHandle daemon = mount();
        daemon.destroyForcibly();
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
        unmountAtOnce(4);
        // The unmounts above must not make a later one succeed.
        assertThat(Program.ninepin("umount", mountPoint).exitCode()).isEqualTo(1);
    }

    @Test
    void aHungDaemonIsUnmountedLazilyAndItsDirectoryIsFree() throws Exception {
        final ProcessHandle hung = mount();
        signal("STOP", hung);
        final Program.Result refused = Program.ninepin("umount", mountPoint);
        assertThat(refused.exitCode()).isEqualTo(32);
        assertThat(refused.errors()).contains("does not answer", "ninepin umount -l '" + mountPoint + "'");
        final long begin = System.nanoTime();
        final Program.Result umount = Program.ninepin("umount", "-l", mountPoint);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
        assertThat(umount.exitCode()).isZero();
        assertThat(umount.errors()).contains("is unmounted, but its daemon does not answer");
        assertThat(mounts()).isEmpty();
        mount();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");

        signal("CONT", hung);
        await().atMost(PATIENCE).until(() -> !isRunning(hung));
        assertThat(status().get("state").getAsString()).isEqualTo("connected");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
    }

    @Test
    void theDirectoryOfAHungDaemonIsFreeAfterAnUnmountByOthers() throws Exception {
        final ProcessHandle hung = mount();
        signal("STOP", hung);
        assertThat(run("umount", "-l", mountPoint.toString())).isEqualTo(SUCCESS);
        mount();
        signal("CONT", hung);
        await().atMost(PATIENCE).until(() -> !isRunning(hung));
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
    }

    @Test
    void aMountThatHasAnotherOneBelowSaysSo() throws Exception {
        mount();
        final Path below = Files.createDirectory(mountPoint.resolve("below"));
        assertThat(run("mount", "-t", "tmpfs", "none", below.toString())).isEqualTo(SUCCESS);
        final Program.Result busy = Program.ninepin("umount", mountPoint);
        assertThat(busy.exitCode()).isEqualTo(32);
        assertThat(busy.errors()).contains("none is mounted on " + below + ": unmount that first");
        assertThat(run("umount", below.toString())).isEqualTo(SUCCESS);
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(SUCCESS);
    }

    private void unmountAtOnce(final int count) throws Exception {
        final List<Process> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final ProcessBuilder umount =
                    new ProcessBuilder(Program.TREE.resolve("ninepin").toString(), "umount", mountPoint.toString());
            all.add(umount.redirectErrorStream(true).start());
        }
        for (final Process umount : all) {
            assertThat(new String(umount.getInputStream().readAllBytes(), UTF_8))
                    .isEmpty();
            assertThat(umount.waitFor()).isZero();
        }
        assertThat(mounts()).isEmpty();
    }

    /** Starts a process in a new mount namespace, which has copies of all mounts. */
    private Process copyMounts() throws Exception {
        final Process process = new ProcessBuilder("unshare", "-m", "--propagation", "private", "sleep", "600").start();
        started.add(process.toHandle());
        final Path proc = Path.of("/proc", Long.toString(process.pid()));
        await().atMost(PATIENCE)
                .until(() -> Files.readString(proc.resolve("comm")).equals("sleep\n"));
        return process;
    }

    private Path helloSeenBy(final Process process) {
        return Path.of("/proc", Long.toString(process.pid()), "root" + mountPoint, "hello");
    }

    private ProcessHandle mount() throws Exception {
        assertThat(Program.ninepin("mount", source, mountPoint)).isEqualTo(SUCCESS);
        final JsonObject status = status();
        logs.add(Path.of(status.get("log").getAsString()));
        final ProcessHandle daemon =
                ProcessHandle.of(status.get("pid").getAsLong()).orElseThrow();
        started.add(daemon);
        return daemon;
    }

    private JsonObject status() throws Exception {
        final Program.Result result = Program.ninepin("status", "--json", mountPoint);
        assertThat(result.exitCode()).as(result.errors()).isZero();
        return JsonParser.parseString(result.output()).getAsJsonObject();
    }

    /** Returns the status that {@code daemon} reports, wherever its mount is. */
    private static JsonObject statusOf(final ProcessHandle daemon) throws Exception {
        final JsonArray all = JsonParser.parseString(
                        Program.ninepin("status", "--json").output())
                .getAsJsonObject()
                .getAsJsonArray("mounts");
        return StreamSupport.stream(all.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .filter(status -> status.get("pid").getAsLong() == daemon.pid())
                .findFirst()
                .orElseThrow();
    }

    private static List<String> copiesOf(final ProcessHandle daemon) throws Exception {
        return StreamSupport.stream(statusOf(daemon).getAsJsonArray("copies").spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .map(copy -> copy.get("mount_point").getAsString()
                        + (copy.has("pid") ? " of " + copy.get("pid").getAsLong() : ""))
                .toList();
    }

    private static void signal(final String name, final ProcessHandle process) throws Exception {
        assertThat(run("kill", "-" + name, Long.toString(process.pid()))).isEqualTo(SUCCESS);
    }

    private static Program.Result run(final String... command) throws Exception {
        return Program.run(List.of(command), Map.of());
    }

    private static boolean isRunning(final ProcessHandle process) {
        try {
            return process.isAlive()
                    && !Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"))
                            .contains("State:\tZ");
        } catch (final IOException e) {
            return false;
        }
    }

    /** Returns the mounted directories of this test, the last mounted first. */
    private List<Path> mounts() throws IOException {
        final List<Path> mounts = new ArrayList<>();
        for (final String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            final Path directory =
                    Path.of(line.split(" ", -1)[4].replace("\\040", " ").replace("\\012", "\n"));
            if (directory.startsWith(temporary)) {
                mounts.add(0, directory);
            }
        }
        return mounts;
    }
}
