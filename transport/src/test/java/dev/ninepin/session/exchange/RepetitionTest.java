package dev.ninepin.session.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.Tmessage;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Tests that each type of request is either harmless the second time or sent once. */
class RepetitionTest {
    private static final Set<String> HARMLESS = Set.of(
            "Tversion",
            "Tauth",
            "Tattach",
            "Tflush",
            "Twalk",
            "Tlopen",
            "Tread",
            "Twrite",
            "Tclunk",
            "Tstatfs",
            "Treadlink",
            "Tgetattr",
            "Tsetattr",
            "Txattrwalk",
            "Txattrcreate",
            "Treaddir",
            "Tfsync",
            "Tlock",
            "Tgetlock");

    private static final Set<String> ONCE_ONLY =
            Set.of("Tlcreate", "Tsymlink", "Tmknod", "Trename", "Tlink", "Tmkdir", "Trenameat", "Tunlinkat", "Tremove");

    @Test
    void everyRequestIsEitherHarmlessTheSecondTimeOrSentOnce() {
        final Map<String, Boolean> decided = new TreeMap<>();
        HARMLESS.forEach(name -> decided.put(name, true));
        ONCE_ONLY.forEach(name -> decided.put(name, false));

        assertThat(Arrays.stream(Tmessage.class.getPermittedSubclasses())
                        .collect(Collectors.toMap(
                                Class::getSimpleName, type -> Repetition.isHarmless(type.asSubclass(Tmessage.class)))))
                .isEqualTo(decided);
    }
}
