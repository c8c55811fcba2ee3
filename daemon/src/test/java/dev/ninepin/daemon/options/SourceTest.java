package dev.ninepin.daemon.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ninepin.channel.Channel;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.virtio.driver.DriverKind;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.Level;

class SourceTest {
    @Test
    void aQemuSourceHasADirectoryAndOptions() throws Exception {
        assertThat(Source.parse("qemu:/srv/a,,b,security_model=mapped-xattr,readonly=on"))
                .isEqualTo(new Source.Qemu(
                        Path.of("/srv/a,b"),
                        new TreeMap<>(Map.of("security_model", "mapped-xattr", "readonly", "on"))));
    }

    @ParameterizedTest
    @CsvSource({"qemu:/srv, 524312", "tag, 131096", "unix:/run/9p, 131096"})
    void aMessageIsAsLargeAsSuitsTheSource(final String source, final int msize) throws Exception {
        assertThat(Source.parse(source).msize()).isEqualTo(msize);
    }

    @ParameterizedTest
    @CsvSource({"'', remap", "',multidevs=warn', warn"})
    void qemuGivesFilesOfSeveralDevicesNumbersOfTheirOwnUnlessToldOtherwise(
            final String options, final String multidevs, @TempDir final Path directory) throws Exception {
        try (Channel channel = Source.parse("qemu:" + directory + options).open(65_536)) {
            assertThat(channel.info().kind()).isEqualTo("qemu");
            assertThat(ProcessHandle.current().descendants().flatMap(process -> process.info().commandLine().stream()))
                    .anyMatch(line ->
                            line.contains("path=" + directory + ",") && line.contains("multidevs=" + multidevs + ","));
        }
    }

    @Test
    void aRelativePathIsMeantFromHere() throws Exception {
        final Path here = Path.of("").toAbsolutePath();
        assertThat(Source.parse("unix:9p.sock")).isEqualTo(new Source.Unix(here.resolve("9p.sock")));
        assertThat(Source.parse("qemu:../x")).hasToString("qemu:" + here.resolveSibling("x"));
    }

    @ParameterizedTest
    @CsvSource({
        "hostshare, hostshare",
        "virtio:hostshare, hostshare",
        "virtio:0000:00:04.0, 0000:00:04.0",
        "virtio:/a/b, /a/b",
        "virtio:qemu:x, qemu:x"
    })
    void aVirtioSourceIsAMountTagOrAnAddress(final String text, final String name) throws Exception {
        assertThat(Source.parse(text)).isEqualTo(new Source.Virtio(name)).hasToString("virtio:" + name);
    }

    @Test
    void onlyAVirtioSourceHasADriver(@TempDir final Path directory) throws Exception {
        final NinepinException e = catchThrowableOfType(
                NinepinException.class,
                () -> MountRequest.parse("tcp:host", directory.toString(), "driver=uio", Level.INFO));
        assertThat(e.sentence()).contains("driver= applies to virtio devices only");
        assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(MountRequest.parse("share", directory.toString(), "driver=uio", Level.INFO)
                        .options()
                        .driver())
                .contains(DriverKind.UIO);
    }

    @ParameterizedTest
    @CsvSource({
        "tcp:host, host, 564",
        "tcp:host:5640, host, 5640",
        "tcp:[::1], ::1, 564",
        "tcp:[fe80::1%eth0]:99, fe80::1%eth0, 99",
        "tcp:10.0.0.1:65535, 10.0.0.1, 65535"
    })
    void aTcpSourceHasAHostAndAPort(final String text, final String host, final int port) throws Exception {
        assertThat(Source.parse(text)).isEqualTo(new Source.Tcp(host, port));
    }

    @Test
    void aVsockSourceHasTwoNumbersOf32Bits() throws Exception {
        assertThat(Source.parse("vsock:4294967294:0564")).isEqualTo(new Source.Vsock(4294967294L, 564));
    }

    @Test
    void aVio9pSourceHasADevice() throws Exception {
        assertThat(Source.parse("vio9p:/dev/9p/0")).isEqualTo(new Source.Vio9p(Path.of("/dev/9p/0")));
        Source.parse("vio9p:/dev/null").check();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "exec:diod -n | diod,-n",
                "exec:  ssh host 'a b' \"c \\\"d\" e\\ f | ssh,host,a b,c \"d,e f",
                "exec:sh -c '' | sh,-c,"
            })
    void aCommandIsTakenApartAsAShellWould(final String text, final String words) throws Exception {
        assertThat(Source.parse(text)).isEqualTo(new Source.Exec(List.of(words.split(",", -1))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "virtio: | needs a mount tag or a PCI address; ninepin devices lists them",
                "`` | needs a mount tag or a PCI address",
                "virtio:a\ufffdb | is not UTF-8: name the device by its address",
                "host:share | starts with no known scheme",
                "host:share | a mount tag with a colon is written virtio:host:share",
                "http://x | the source http://x starts with no known scheme: ninepin mount --help lists the sources",
                "vio9p: | needs a path",
                "vsock:2 | is not vsock:CID:PORT, two numbers, as in vsock:2:564 for the host",
                "vsock:host:564 | is not vsock:CID:PORT",
                "vsock:4294967295:564 | has a number above 4294967294",
                "vsock:2:9999999999 | has a number above 4294967294",
                "/no/such | is a path without a scheme: qemu:/no/such exports a directory, unix:/no/such connects to a socket",
                "/proc | the source /proc is a directory: did you mean qemu:/proc?",
                ".. | the source .. is a directory: did you mean qemu:..?",
                "/dev/null | is a character device: did you mean vio9p:/dev/null?",
                "/proc/version | is a file, which cannot be mounted",
                "//host/share | did you mean tcp:host with -o aname=/share?",
                "host:/share | did you mean tcp:host with -o aname=/share?",
                "10.0.0.1:564 | did you mean tcp:10.0.0.1:564?",
                "tcp://host:5640 | is a URL: did you mean tcp:host:5640?",
                "tcp://host/my share | did you mean tcp:host with -o 'aname=/my share'?",
                "9p://host/ | did you mean tcp:host?",
                "vsock://2:564 | did you mean vsock:2:564?",
                "virtio://tag | did you mean virtio:tag?",
                "qmeu:/srv | did you mean qemu:/srv?",
                "UNIX:/run/9p | did you mean unix:/run/9p?",
                "qemu:/a\ufffdb | is not UTF-8",
                "qemu: | needs a path",
                "unix: | needs a path",
                "qemu:/a,b | \"b\" is not OPTION=VALUE; a comma in the directory's name is written twice",
                "qemu:/a,readonly=on,readonly=off | gives readonly= more than once",
                "tcp:::1 | an IPv6 address goes in brackets, as in tcp:[::1]:564",
                "tcp: | is not tcp:HOST[:PORT]",
                "tcp:host:0 | no port between 1 and 65535",
                "tcp:host:65536 | no port between 1 and 65535",
                "exec: | needs a command",
                "exec:'' | needs a command",
                "exec:a 'b | has a quote (') that is not closed"
            })
    void whatCannotBeMountedIsSaidInWords(final String text, final String part) {
        final NinepinException e = catchThrowableOfType(NinepinException.class, () -> Source.parse(text));
        assertThat(e.sentence()).contains(part).doesNotContain("\n");
        assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void whatIsNotThereIsSaidBeforeAnythingStarts(@TempDir final Path directory) throws Exception {
        final Path file = Files.createFile(directory.resolve("file"));
        for (final String text : List.of(
                "qemu:" + directory + "/none",
                "qemu:" + file,
                "unix:" + directory + "/none",
                "exec:no-such-command",
                "vio9p:/dev/9p/none",
                "vio9p:" + file)) {
            final Source source = Source.parse(text);
            final NinepinException e = catchThrowableOfType(NinepinException.class, source::check);
            assertThat(e.exitCode()).isEqualTo(ExitCode.MOUNT_FAILED);
        }
        Source.parse("qemu:" + directory).check();
        Source.parse("exec:sh -c 'exit 1'").check();
        Source.parse("tcp:no.such.host").check();
    }

    @Test
    void whatIsOfAnotherKindIsNamedWithTheSchemeForIt(@TempDir final Path directory) throws Exception {
        final Path odd = Files.createDirectory(directory.resolve("a, b"));
        final Path file = Files.createFile(directory.resolve("file"));
        final Path socket = directory.resolve("socket");
        try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(socket));
            assertThat(refusal("unix:" + odd))
                    .endsWith("is a directory, not a socket: did you mean 'qemu:" + directory + "/a,, b'?");
            assertThat(refusal("unix:" + file)).contains("is a file, not a socket: give the path");
            assertThat(refusal("qemu:" + socket))
                    .endsWith("is a socket, not a directory: did you mean unix:" + socket + "?");
            assertThat(refusal("qemu:" + file + "/below"))
                    .endsWith("cannot be accessed: " + file + " is a file, not a directory");
            Source.parse("unix:" + socket).check();
        }
    }

    private static String refusal(final String source) throws Exception {
        final Source parsed = Source.parse(source);
        return catchThrowableOfType(NinepinException.class, parsed::check).sentence();
    }

    @Property
    void theTextOfASourceIsTheSameSource(@ForAll("sources") final Source source) throws Exception {
        assertThat(Source.parse(source.toString())).isEqualTo(source);
    }

    @Property
    void anyTextIsASourceOrRefusedInWords(@ForAll final String text) {
        try {
            assertThat(Source.parse(text)).isNotNull();
        } catch (final NinepinException e) {
            assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
        }
    }

    @Property
    void anyWordsSurviveBeingJoinedAndSplit(@ForAll @NotEmpty final List<@NotEmpty String> words) throws Exception {
        assertThat(CommandWords.split(CommandWords.join(words))).isEqualTo(words);
    }

    @Property
    void anyPortIsKept(@ForAll @IntRange(min = 1, max = 65535) final int port) throws Exception {
        assertThat(Source.parse("tcp:[::1]:" + port)).isEqualTo(new Source.Tcp("::1", port));
    }

    @Provide
    Arbitrary<Source> sources() {
        final Arbitrary<String> name = Arbitraries.strings()
                .withChars("ab,=: '\"\\\u00fc")
                .ofMinLength(1)
                .ofMaxLength(12);
        final Arbitrary<Path> path = name.map(text -> Path.of("/x", text));
        final Arbitrary<String> option =
                Arbitraries.strings().withCharRange('a', 'e').ofMinLength(1).ofMaxLength(3);
        return Arbitraries.oneOf(
                path.map(Source.Unix::new),
                path.map(Source.Vio9p::new),
                Arbitraries.longs()
                        .between(0, 0xffff_fffeL)
                        .list()
                        .ofSize(2)
                        .map(numbers -> new Source.Vsock(numbers.get(0), numbers.get(1))),
                name.map(Source.Virtio::new),
                path.flatMap(directory -> Arbitraries.maps(option, name)
                        .ofMaxSize(3)
                        .map(options -> new Source.Qemu(directory, new TreeMap<>(options)))),
                name.list().ofMinSize(1).ofMaxSize(4).map(Source.Exec::new));
    }
}
