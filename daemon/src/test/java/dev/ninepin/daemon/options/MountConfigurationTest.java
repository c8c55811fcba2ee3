package dev.ninepin.daemon.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

class MountConfigurationTest {
    @TempDir
    private Path temporary;

    @Test
    void everyKeyIsTaken() throws Exception {
        final MountRequest request = read("""
                # A share

                source = qemu:/srv/a, b
                  directory=/mnt/with = and #
                options=ro,uid=7
                options=cache=loose
                log=debug
                """.replace("a, b", "a b"));
        assertThat(request.source()).hasToString("qemu:/srv/a b");
        assertThat(request.mountPoint()).isEqualTo(Path.of("/mnt/with = and #"));
        assertThat(request.options()).isEqualTo(MountOptions.parse("ro,uid=7,cache=loose"));
        assertThat(request.logLevel()).isEqualTo(Level.DEBUG);
    }

    @Test
    void sourceAndDirectoryAreEnough() throws Exception {
        final MountRequest request = read("source=unix:/run/9p.sock\ndirectory=/mnt");
        assertThat(request.options()).isEqualTo(MountOptions.parse(""));
        assertThat(request.logLevel()).isEqualTo(Level.INFO);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "srouce=qemu:/srv | , line 1: unknown key: did you mean source?",
                "source=qemu:/srv;;frobnicate=1 | , line 3: unknown key; valid keys: source, directory, options, log",
                "source=qemu:/srv;directory | , line 2: not KEY=VALUE; ninepin.conf(5) says what goes into the file",
                "source= | , line 1: source has no value",
                "source=qemu:/a;source=qemu:/b | , line 2: source is given a second time",
                "log=loud | , line 1: log=loud: must be one of error, warn, info, debug, trace",
                "directory=/mnt | ' does not say what to mount: source=SOURCE is missing'",
                "source=qemu:/srv | ' does not say where to mount it: directory=DIR is missing'",
                "source=qemu:/srv;directory=mnt | : directory=mnt must begin with a /",
                "source=qemu:/srv;directory=/mnt;options=mszie=1 | : unknown option mszie: did you mean msize?"
            })
    void aMistakeIsNamedWithItsPlaceAndIsWrongUsage(final String lines, final String rest) {
        final NinepinException e = catchThrowableOfType(NinepinException.class, () -> read(lines.replace(';', '\n')));
        assertThat(e.sentence()).isEqualTo(temporary.resolve("a.conf") + rest);
        assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
    }

    /** A message must not quote the file. The user who starts run may read it, but readers of the log may not. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "root:$y$j9T$secret:20228:0:99999:7:::",
                "secret=",
                "secret = value",
                "sorce=secret",
                "-----BEGIN PRIVATE KEY-----\nsecretMIIEvQIBADANBgkqhkiG9w0BAQEFAASC==",
                "source=a\nsecret",
                "source=a\nsource=secret"
            })
    void noPartOfALineIsRepeated(final String lines) {
        final NinepinException e = catchThrowableOfType(NinepinException.class, () -> read(lines));
        assertThat(e.sentence()).contains(", line ").doesNotContain("secret");
    }

    @Test
    void whatIsNotUtf8IsRefused() throws Exception {
        final Path file = temporary.resolve("a.conf");
        Files.write(file, "source=qemu:/s\u00e4re".getBytes(StandardCharsets.ISO_8859_1));
        final NinepinException e = catchThrowableOfType(NinepinException.class, () -> MountConfiguration.read(file));
        assertThat(e.sentence()).isEqualTo(file + " is not UTF-8 text, as a configuration file is: ninepin.conf(5)");
    }

    private MountRequest read(final String text) throws Exception {
        return MountConfiguration.read(Files.writeString(temporary.resolve("a.conf"), text));
    }
}
