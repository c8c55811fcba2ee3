package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.life.ProcessEnd;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/**
 * Tests the message and exit code of each command line that cannot be carried out. The message is one sentence that
 * says what to do; the exit code is one of mount(8). In the command lines, words with an {@code @} stand for paths.
 * These are a directory with a file in it (SHARE), an empty directory (EMPTY), one whose name has a space and an
 * apostrophe (ODD; QUOTED for a shell), a file (FILE), a socket (SOCKET), and a missing file (NONE).
 */
class AnswersTest {
    private static final ProcessEnd END = ProcessEnd.takeCharge();

    @TempDir
    private static Path temporary;

    private static ServerSocketChannel listening;

    @BeforeAll
    static void makeFiles() throws Exception {
        temporary = temporary.toRealPath();
        Files.writeString(Files.createDirectory(path("SHARE")).resolve("file"), "");
        Files.createDirectory(path("EMPTY"));
        Files.createDirectory(path("ODD"));
        Files.writeString(path("FILE"), "secret");
        listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(path("SOCKET")));
    }

    @AfterAll
    static void close() throws Exception {
        listening.close();
    }

    private static Path path(final String word) {
        return temporary.resolve(word.equals("ODD") ? "Bob's share" : word);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // Commands
                "`` | 1 | a command is missing: mount, umount, status, restart, run, devices, doctor, help",
                "umuont /x | 1 | unknown command umuont: did you mean umount?",
                "frobnicate | 1 | unknown command frobnicate; valid commands: mount, umount, status, restart, run, devices, doctor, help",
                "help mnout | 1 | unknown command mnout: did you mean mount?",
                "help mount x | 1 | unexpected argument x: write ninepin help [OPTION]... [COMMAND]",
                "--verison | 1 | unknown option --verison: did you mean --version?",
                // Arguments missing, too many, swapped
                "mount | 1 | SOURCE is missing: write ninepin mount [OPTION]... SOURCE DIR",
                "mount qemu:@SHARE | 1 | DIR is missing: write ninepin mount [OPTION]... SOURCE DIR",
                "mount qemu:/a b /mnt | 1 | unexpected argument /mnt: write ninepin mount [OPTION]... SOURCE DIR, with quotes",
                "umount | 1 | DIR is missing: write ninepin umount [OPTION]... DIR",
                "umount /a /b | 1 | unexpected argument /b",
                "status /a /b | 1 | unexpected argument /b: write ninepin status [OPTION]... [DIR]",
                "devices x | 1 | unexpected argument x: write ninepin devices [OPTION]...",
                "run | 1 | FILE is missing: write ninepin run [OPTION]... FILE",
                "mount @EMPTY qemu:@SHARE | 1 | source and directory are swapped: write qemu:@SHARE @EMPTY",
                "mount @NONE/x unix:@SOCKET | 1 | source and directory are swapped: write unix:@SOCKET @NONE/x",
                "mount @EMPTY tag | 1 | the source @EMPTY is a directory: did you mean qemu:@EMPTY, or, with the arguments swapped, tag @EMPTY?",
                // Sources
                "mount @SHARE @EMPTY | 1 | the source @SHARE is a directory: did you mean qemu:@SHARE?",
                "mount @SOCKET @EMPTY | 1 | the source @SOCKET is a socket: did you mean unix:@SOCKET?",
                "mount tcp://host/tree @EMPTY | 1 | the source tcp://host/tree is a URL: did you mean tcp:host with -o aname=/tree?",
                "doctor 127.0.0.1:564 | 1 | the source 127.0.0.1:564 starts with no known scheme: did you mean tcp:127.0.0.1:564?",
                "mount unix:@FILE @EMPTY | 32 | the source @FILE is a file, not a socket: give the path on which the server listens",
                "mount unix:@SHARE @EMPTY | 32 | the source @SHARE is a directory, not a socket: did you mean qemu:@SHARE?",
                "mount qemu:@SOCKET @EMPTY | 32 | the source @SOCKET is a socket, not a directory: did you mean unix:@SOCKET?",
                "mount qemu:@NONE @EMPTY | 32 | the source @NONE does not exist: qemu: exports a directory of this machine",
                "mount qemu:@SHARE,ro @EMPTY | 1 | the source's \"ro\" is not OPTION=VALUE",
                // Options
                "mount -x qemu:@SHARE @EMPTY | 1 | unknown option -x; valid options: -f, -o, -r, --read-only, -w",
                "mount -o mszie=1 qemu:@SHARE @EMPTY | 1 | unknown option mszie: did you mean msize?",
                "mount -o ro -o cahce=none qemu:@SHARE @EMPTY | 1 | unknown option cahce: did you mean cache?",
                "mount -o read_only qemu:@SHARE @EMPTY | 1 | unknown option read_only: did you mean ro?",
                "mount -o readonly qemu:@SHARE @EMPTY | 1 | unknown option readonly: did you mean ro?",
                "mount --read-olny qemu:@SHARE @EMPTY | 1 | unknown option --read-olny: did you mean --read-only?",
                "mount -t 9p qemu:@SHARE @EMPTY | 1 | unknown option -t: leave it out, every source of ninepin is 9P",
                "mount -o driver=uio qemu:/srv @EMPTY | 1 | option driver= applies to virtio devices only, but the source is qemu:/srv: leave it out",
                "status --jsno | 1 | unknown option --jsno: did you mean --json?",
                "status --json=yes | 1 | Invalid value for option '--json': 'yes' is not a boolean",
                "umount --froce @EMPTY | 1 | unknown option --froce: did you mean --force?",
                // Mount points
                "mount qemu:@SHARE @NONE | 32 | the mount point @NONE does not exist: create it first (mkdir -p @NONE)",
                "mount qemu:@SHARE @ODD/x | 32 | the mount point @ODD/x does not exist: create it first (mkdir -p '@QUOTED/x')",
                "mount qemu:@SHARE @FILE | 32 | the mount point @FILE is not a directory",
                "mount qemu:@SHARE @FILE/x | 32 | the mount point @FILE/x cannot be accessed: @FILE is a file, not a directory",
                "mount qemu:@SHARE @SHARE | 32 | the mount point @SHARE is not empty",
                "umount @NONE | 1 | @NONE is not a Ninepin mount; ninepin status lists the mounts of this user",
                "umount -f @EMPTY | 1 | @EMPTY is not a Ninepin mount; ninepin status lists the mounts of this user",
                "umount / | 1 | / is not a Ninepin mount",
                "status @NONE | 1 | @NONE is not a Ninepin mount",
                // Configuration files
                "run @NONE | 1 | there is no @NONE: ninepin.conf(5) says what goes into it",
                "run @SHARE | 1 | @SHARE cannot be read: Is a directory; name a configuration file",
                "run @FILE | 1 | @FILE, line 1: not KEY=VALUE; ninepin.conf(5) says what goes into the file",
                // mount(8)'s helper
                "mount.ninepin qemu:@SHARE | 1 | DIR is missing: write mount.ninepin [OPTION]... SOURCE DIR",
                "mount.ninepin qemu:@SHARE @EMPTY -N /proc/1/ns/mnt | 1 | mounting in another namespace is not possible",
                "mount.ninepin qemu:@SHARE @EMPTY -o rw,frobnicate | 1 | unknown option frobnicate",
                "mount.ninepin qemu:@SHARE @EMPTY -r | 1 | unknown option -r: did you mean -o ro?"
            })
    void theAnswerIsOneSentenceWithTheWayOut(final String arguments, final int exitCode, final String sentence) {
        final String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" ", -1);
        for (int i = 0; i < words.length; i++) {
            words[i] = withPaths(words[i]);
        }
        final boolean helper = words.length > 0 && words[0].equals(MountHelperCommand.NAME);
        final CommandLine command = helper ? Main.mountHelper(END) : Main.commandLine(END);
        final StringWriter output = new StringWriter();
        final StringWriter errors = new StringWriter();
        command.setOut(new PrintWriter(output)).setErr(new PrintWriter(errors, true));

        final int code = command.execute(helper ? Arrays.copyOfRange(words, 1, words.length) : words);

        assertThat(errors.toString().lines().filter(line -> !line.startsWith("Try ")))
                .hasSize(1);
        assertThat(errors.toString())
                .startsWith("ninepin: " + withPaths(sentence))
                .doesNotContain("\tat ", "secret");
        assertThat(output.toString()).isEmpty();
        assertThat(code).isEqualTo(exitCode);
    }

    private static String withPaths(final String text) {
        String result = text.replace("@QUOTED", path("ODD").toString().replace("'", "'\\''"));
        for (final String word : List.of("SHARE", "EMPTY", "ODD", "FILE", "SOCKET", "NONE")) {
            result = result.replace("@" + word, path(word).toString());
        }
        return result;
    }
}
