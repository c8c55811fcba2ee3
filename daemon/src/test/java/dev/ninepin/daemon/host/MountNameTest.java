package dev.ninepin.daemon.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class MountNameTest {
    @Test
    void aNameLooksLikeSystemdsForAMountUnit() {
        assertThat(MountName.of(Path.of("/mnt/host"))).isEqualTo("mnt-host");
        assertThat(MountName.of(Path.of("/mnt/a-b c"))).isEqualTo("mnt-a\\x2db\\x20c");
        assertThat(MountName.of(Path.of("/"))).isEqualTo("-");
    }

    @Test
    void aLongNameIsCutAndToldApart() {
        final String deep = "/very".repeat(40);
        assertThat(MountName.of(Path.of(deep, "a")))
                .hasSize(48)
                .startsWith("very-very-very")
                .isNotEqualTo(MountName.of(Path.of(deep, "b")));
    }

    @Property
    void anyPathGivesASafeShortNameOfItsOwn(
            @ForAll
                    @StringLength(min = 1, max = 60)
                    @Chars({'a', '-', '/', '.', '~', '\\', '%', '\u00e9'})
                    @CharRange(from = 'a', to = 'c')
                    final String one,
            @ForAll
                    @StringLength(min = 1, max = 60)
                    @Chars({'a', '-', '/', '.', '~', '\\', '%', '\u00e9'})
                    @CharRange(from = 'a', to = 'c')
                    final String two) {
        final Path first = Path.of("/" + one).normalize();
        final Path second = Path.of("/" + two).normalize();
        assertThat(MountName.of(first)).matches("[A-Za-z0-9_.~\\\\-]{1,48}").doesNotStartWith(".");
        Assume.that(!first.equals(second));
        assertThat(MountName.of(first)).isNotEqualTo(MountName.of(second));
    }
}
