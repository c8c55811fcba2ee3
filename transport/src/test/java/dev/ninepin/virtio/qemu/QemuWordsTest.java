package dev.ninepin.virtio.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QemuWordsTest {
    private static final List<String> COMMAND =
            List.of("/usr/bin/qemu", "-fsdev", "local,path=/a: b,fmode=x", "-device", "virtio-9p-pci,addr=4");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "nothing",
            value = {
                "nothing | ``",
                "qemu: -fsdev local,path=/a: b,fmode=x: Parameter 'fmode' expects a number | Parameter 'fmode' expects a number",
                "qemu: -device virtio-9p-pci,addr=4: bad model;Valid are: none, mapped | bad model; Valid are: none, mapped",
                "qemu: warning: slow;qemu: -fsdev local: odd;qemu: warning: late | -fsdev local: odd; warning: late",
                "qemu: first;qemu: second;  hint | second; hint",
                "qemu: warning: slow;more | warning: slow; more",
                "Killed by the sandbox | Killed by the sandbox",
                "1;2;3;4;5;6;7;8;9;10;11 | 2; 3; 4; 5; 6; 7; 8; 9; 10; 11"
            })
    void theReasonIsTheLastErrorWithoutTheArgumentThatNoPersonWrote(final String lines, final String reason) {
        final QemuWords words = new QemuWords("qemu", COMMAND);
        if (lines != null) {
            List.of(lines.split(";", -1)).forEach(words::add);
        }
        assertThat(words.reason()).isEqualTo(reason);
    }
}
