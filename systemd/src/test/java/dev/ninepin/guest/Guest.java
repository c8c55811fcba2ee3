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
import java.util.stream.Stream;

/**
 * A running guest with Ninepin's package installed, in which commands run as root. It has two shares, {@code share} and
 * {@code second}, and is otherwise a fresh installation; each test leaves it in that state. Its console and the
 * commands are recorded in {@code target/guest/KIND/}. Not thread-safe.
 */
public final class Guest {
    static final Charset TEXT = StandardCharsets.UTF_8;

    /** The time limit of a command, which exceeds what any command takes under software emulation on a busy machine. */
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

    private GuestMachine powerOn() {
        return GuestMachine.start(
                kind.arguments(disk.image(), disk.file(), share(), second(), console()), directory.resolve("qemu.log"));
    }

    private static GuestAgent agent(final GuestMachine machine) throws IOException {
        final Process process = machine.process();
        return new GuestAgent(process.getOutputStream(), process.getInputStream());
    }

    /**
     * The result of a command.
     *
     * @param status the exit status; 124 if the command exceeded its time limit
     */
    public record Result(String command, int status, String output, String errors) {
        /** Returns the output. Fails the test if the command failed. */
        String expectSuccess() {
            assertThat(status).as("%s%nsays: %s%s", command, output, errors).isZero();
            return output;
        }
    }

    /**
     * Powers a guest on, and installs the package that this build has made.
     *
     * @throws IOException if that fails; the message ends with the last lines of the console
     */
    static Guest boot(final GuestKind kind) throws IOException, InterruptedException {
        final Path directory = directory(kind).toAbsolutePath();
        empty(directory);
        final Path image = GuestImage.find(directory.resolve("image.log"));
        final Guest guest = new Guest(kind, directory, GuestDisk.over(image, directory.resolve("disk.qcow2")));
        try {
            guest.agent.awaitReady(BOOTS_WITHIN);
            guest.put(deb(), "/root/ninepin.deb");
            guest.installation = guest.run("cd /root && apt-get -y install ./ninepin.deb");
            return guest;
        } catch (final IOException e) {
            final IOException told = new IOException(e.getMessage() + "\n" + guest.lastWords(), e);
            guest.powerOff();
            throw told;
        }
    }

    /** Returns the directory of a guest's records, which the next guest of this kind overwrites. */
    static Path directory(final GuestKind kind) {
        return Path.of("target", "guest", kind.label());
    }

    public GuestKind kind() {
        return kind;
    }

    /** Returns the result of the package's installation. */
    public Result installation() {
        return installation;
    }

    /** Returns the host's directory that is exported with the tag {@code share}. */
    public Path share() {
        return directory.resolve("share");
    }

    /** Returns the host's directory that is exported with the tag {@code second}. */
    public Path second() {
        return directory.resolve("second");
    }

    /** Returns the time since the last power-on, in nanoseconds. */
    long nanosSincePowerOn() {
        return System.nanoTime() - poweredOn;
    }

    /** Runs {@code command} with sh, as root in /root, and blocks until it has ended. */
    public Result run(final String command) throws IOException {
        return run(command, new byte[0]);
    }

    /** Runs {@code command} as {@link #run(String)} does, with {@code input} as its standard input. */
    public Result run(final String command, final byte[] input) throws IOException {
        return run(command, input, PATIENCE);
    }

    /** Runs {@code command} as {@link #run(String, byte[])} does, with a time limit of {@code limit}. */
    public Result run(final String command, final byte[] input, final Duration limit) throws IOException {
        final long begin = System.nanoTime();
        final GuestAgent.Answer answer = agent.run(command.getBytes(TEXT), input, limit);
        final Result result = new Result(command, answer.status(), answer.output(), answer.errors());
        note(String.format(
                "# %s%n%s%s-> %d, %d ms%n%n",
                command, result.output(), result.errors(), result.status(), (System.nanoTime() - begin) / 1_000_000));
        return result;
    }

    /** Runs {@code command} and returns its output. Fails the test unless the exit status is 0. */
    public String check(final String command) throws IOException {
        return run(command).expectSuccess();
    }

    /** Copies a file from the host into the guest. */
    public void put(final Path from, final String to) throws IOException {
        run("cat >'" + to + "'", Files.readAllBytes(from)).expectSuccess();
    }

    /** Writes a file in the guest. */
    public void write(final String to, final String content) throws IOException {
        run("cat >'" + to + "'", content.getBytes(TEXT)).expectSuccess();
    }

    /**
     * Shuts the guest down and powers it on with the same disk. Returns when the guest runs commands. A reset would not
     * do: after it, QEMU's software emulation is several times slower until the guest is up. The reason is that any
     * memory written may be code that QEMU has translated before.
     */
    public void restart() throws IOException, InterruptedException {
        run("systemctl poweroff").expectSuccess();
        machine.awaitEnd(ENDS_WITHIN);
        powerOff();
        poweredOn = System.nanoTime();
        machine = powerOn();
        agent = agent(machine);
        agent.awaitReady(BOOTS_WITHIN);
    }

    /** Returns the last lines of the console and the journal, and the path of the complete records. */
    String lastWords() {
        String journal;
        try {
            journal = run("journalctl -b --no-pager -n " + LAST_LINES).output();
        } catch (final IOException e) {
            journal = e.getMessage() + "\n";
        }
        return "The guest's journal ends with:\n" + journal + "Its console ends with:\n" + tail(console())
                + tail(directory.resolve("qemu.log")) + "All commands and their output: " + commands();
    }

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

    private static void empty(final Path directory) throws IOException, InterruptedException {
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
