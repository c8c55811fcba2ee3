package dev.ninepin.daemon.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class JavaCommandTest {
    @Test
    void aSecondProcessGetsTheOptionsAndClassPathOfThisOne() throws Exception {
        assertThat(JavaCommand.of(
                        List.of("java", "-Xmx512m", "-cp", "/a b/x.jar", "dev.ninepin.cli.Main", "mount", "-f", ""),
                        "dev.ninepin.cli.Main",
                        Daemon.class,
                        List.of("qemu:/srv/a b", "/mnt", "", "INFO")))
                .containsExactly(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Xmx512m",
                        "-cp",
                        "/a b/x.jar",
                        "dev.ninepin.daemon.life.Daemon",
                        "qemu:/srv/a b",
                        "/mnt",
                        "",
                        "INFO");
    }

    @Test
    void aProcessThatWasStartedOtherwiseIsToldSo() {
        assertThatThrownBy(() -> JavaCommand.of(List.of("java", "-jar", "x.jar"), "Main", Daemon.class, List.of()))
                .isInstanceOf(IOException.class)
                .hasMessage("this process was not started as java [OPTION]... CLASS");
    }
}
