package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A running guest in which Ninepin's package is installed. Commands run as root. Under QEMU, the guest has two shares
 * with the tags {@code share} and {@code second}. Otherwise it is in the state of a fresh installation, and each test
 * restores this state. Commands, output and logs are kept in {@code target/guest/KIND/}. One thread at a time.
 */
public final class Guest {
    static final Charset TEXT = StandardCharsets.UTF_8;

    /** The time limit of a command. No command takes as long under software emulation on a busy machine. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Duration BOOTS_WITHIN = Duration.ofMinutes(3);
    private static final Duration ENDS_WITHIN = Duration.ofMinutes(2);
    private static final int LAST_LINES = 30;

    private final GuestKind kind;
    private final Path directory;
    private final GuestDisk disk;
    private GuestMachine machine;
    private GuestAgent agent;
    /** The time of the last power-on, by {@link System#nanoTime}. */
    private long poweredOn = System.nanoTime();

    private Result installation = new Result("", -1, "", "");

    private Guest(final GuestKind kind, final Path directory, final GuestDisk disk) throws IOException {
        this.kind = kind;
        this.directory = directory;
        this.disk = disk;
        Files.createDirectories(share());
        Files.createDirectories(second());
        this.machine = powerOn();
        this.agent = agent(machine);
    }

    private GuestMachine powerOn() throws IOException {
        return kind == GuestKind.UML
                ? UserModeLinux.start(disk, directory, console())
                : GuestMachine.qemu(kind.arguments(disk, share(), second(), console()), directory.resolve("qemu.log"));
    }

    private GuestAgent agent(final GuestMachine machine) throws IOException {
        final Process process = machine.process();
        return new GuestAgent(
                process.getOutputStream(),
                process.getInputStream(),
                kind == GuestKind.UML ? Optional.of(directory) : Optional.empty());
    }

    /** The result of a command. The status is 124 if the command exceeded its time limit. */
    public record Result(String command, int status, String output, String errors) {
        /** Returns the output. Fails the test if the status is not 0. */
        String expectSuccess() {
            assertThat(status).as("%s%nsays: %s%s", command, output, errors).isZero();
            return output;
        }
    }

    /**
     * Powers on a guest with the package of this build, and returns when the guest runs commands.
     *
     * @throws IOException if the guest does not boot; the message has the last lines of the journal and console
     */
    static Guest boot(final GuestKind kind) throws IOException, InterruptedException {
        final Path directory = directory(kind).toAbsolutePath();
        empty(directory);
        final Path image = GuestImage.find(directory.resolve("image.log"));
        if (kind == GuestKind.UML) {
            return bootAndInstall(directory, GuestDisk.overImage(image, directory.resolve("disk.cow")));
        }
        final Path installed = InstalledDisk.find(image, deb());
        return boot(kind, directory, GuestDisk.over(image, installed, directory.resolve("disk.qcow2")), guest -> {});
    }

    /** Powers on a guest of the kind {@link GuestKind#UML}, and installs the package. */
    static Guest bootAndInstall(final Path directory, final GuestDisk disk) throws IOException, InterruptedException {
        return boot(GuestKind.UML, directory, disk, guest -> {
            guest.put(deb(), "/root/ninepin.deb");
            guest.installation = guest.run("cd /root && apt-get -y install ./ninepin.deb");
        });
    }

    private interface Setup {
        void run(Guest guest) throws IOException;
    }

    private static Guest boot(final GuestKind kind, final Path directory, final GuestDisk disk, final Setup setup)
            throws IOException, InterruptedException {
        final Guest guest = new Guest(kind, directory, disk);
        try {
            guest.agent.awaitReady(BOOTS_WITHIN);
            setup.run(guest);
            return guest;
        } catch (final IOException e) {
            final IOException told = new IOException(e.getMessage() + "\n" + guest.lastWords(), e);
            guest.powerOff();
            throw told;
        }
    }

    /** Returns the directory of the logs of a kind of guest. The next guest of this kind empties it. */
    static Path directory(final GuestKind kind) {
        return Path.of("target", "guest", kind.label());
    }

    public GuestKind kind() {
        return kind;
    }

    /** Returns the result of installing the package, in a guest of the kind {@link GuestKind#UML}. */
    public Result installation() {
        return installation;
    }

    /** Returns the host's directory behind the tag {@code share}, under QEMU. */
    public Path share() {
        return directory.resolve("share");
    }

    /** Returns the host's directory behind the tag {@code second}, under QEMU. */
    public Path second() {
        return directory.resolve("second");
    }

    /** Returns the time since the last power-on, in nanoseconds. */
    long nanosSincePowerOn() {
        return System.nanoTime() - poweredOn;
    }

    /** Runs {@code command} with sh, as root in {@code /root}. Blocks until the command ends. */
    public Result run(final String command) throws IOException {
        return run(command, new byte[0]);
    }

    /** Does the same as {@link #run(String)}, with {@code input} as the command's standard input. */
    public Result run(final String command, final byte[] input) throws IOException {
        return run(command, input, PATIENCE);
    }

    /** Does the same as {@link #run(String, byte[])}, with another time limit. */
    public Result run(final String command, final byte[] input, final Duration limit) throws IOException {
        final long begin = System.nanoTime();
        final GuestAgent.Answer answer = agent.run(command.getBytes(TEXT), input, limit);
        final Result result = new Result(command, answer.status(), answer.output(), answer.errors());
        note(String.format(
                "# %s%n%s%s-> %d, %d ms%n%n",
                command, result.output(), result.errors(), result.status(), (System.nanoTime() - begin) / 1_000_000));
        return result;
    }

    /** Runs {@code command} and returns its output. Fails the test if the status is not 0. */
    public String check(final String command) throws IOException {
        return run(command).expectSuccess();
    }

    /** Copies a file into the guest. */
    public void put(final Path from, final String to) throws IOException {
        run("cat >'" + to + "'", Files.readAllBytes(from)).expectSuccess();
    }

    /** Writes a file in the guest. */
    public void write(final String to, final String content) throws IOException {
        run("cat >'" + to + "'", content.getBytes(TEXT)).expectSuccess();
    }

    /**
     * Shuts the guest down, powers it on again with the same disk, and returns when the guest runs commands.
     *
     * <p>A reset would be slower. QEMU keeps its translated code then, and must check each write to memory against it.
     * So the guest boots several times slower under software emulation.
     */
    public void restart() throws IOException, InterruptedException {
        shutDown();
        poweredOn = System.nanoTime();
        machine = powerOn();
        agent = agent(machine);
        agent.awaitReady(BOOTS_WITHIN);
    }

    /** Returns the last lines of the journal and the console, and the path of the full log. */
    String lastWords() {
        String journal;
        try {
            journal = run("journalctl -b --no-pager -n " + LAST_LINES).output();
        } catch (final IOException e) {
            journal = e.getMessage() + "\n";
        }
        final Path qemu = directory.resolve("qemu.log");
        return "The guest's journal ends with:\n" + journal + "Its console ends with:\n" + tail(console())
                + (Files.exists(qemu) ? tail(qemu) : "") + "All commands and their output: " + commands();
    }

    /** Shuts the guest down, so that the disk has everything that the guest wrote. */
    void shutDown() throws IOException, InterruptedException {
        run("systemctl poweroff").expectSuccess();
        machine.awaitEnd(ENDS_WITHIN);
        powerOff();
    }

    /** Powers the guest off without a shutdown. */
    void powerOff() throws InterruptedException {
        agent.close();
        machine.close();
    }

    private Path console() {
        return directory.resolve("console.log");
    }

    private Path commands() {
        return directory.resolve("commands.log");
    }

    private void note(final String text) throws IOException {
        Files.writeString(commands(), text, TEXT, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static String tail(final Path file) {
        try {
            final List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())) + "\n";
        } catch (final IOException e) {
            return e + "\n";
        }
    }

    /** Creates {@code directory}, or removes everything in it. */
    static void empty(final Path directory) throws IOException, InterruptedException {
        final int status = new ProcessBuilder("rm", "-rf", directory.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException(directory + " can't be emptied");
        }
        Files.createDirectories(directory);
    }

    private static Path deb() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            return files.filter(file -> file.getFileName().toString().matches("ninepin_.*\\.deb"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the build has left no ninepin_*.deb in target"));
        }
    }
}
