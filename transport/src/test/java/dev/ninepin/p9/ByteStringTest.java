package dev.ninepin.p9;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Tests that every name keeps its bytes in every locale, whether the bytes are UTF-8 or not. */
class ByteStringTest {
    private static final byte[] LATIN_1 = {'c', 'a', 'f', (byte) 0xe9};

    @Test
    void textEntersAsUtf8() {
        assertThat(ByteString.of("é€").toBytes()).isEqualTo(bytes(0xc3, 0xa9, 0xe2, 0x82, 0xac));
    }

    @Property
    void bytesStayAsTheyAre(@ForAll final byte[] bytes) {
        final ByteString string = ByteString.copyOf(bytes);
        final ByteBuffer out = ByteBuffer.allocate(bytes.length);
        string.putInto(out);

        assertThat(string.toBytes()).isEqualTo(bytes);
        assertThat(out.array()).isEqualTo(bytes);
        assertThat(ByteString.copyOf(ByteBuffer.wrap(bytes))).isEqualTo(string).hasSameHashCodeAs(string);
    }

    @Property
    void theOrderIsThatOfUnsignedBytes(@ForAll final byte[] one, @ForAll final byte[] other) {
        final ByteString a = ByteString.copyOf(one);
        final ByteString b = ByteString.copyOf(other);

        assertThat(Integer.signum(a.compareTo(b))).isEqualTo(Integer.signum(Arrays.compareUnsigned(one, other)));
        assertThat(a.equals(b)).isEqualTo(a.compareTo(b) == 0);
    }

    @Test
    void aNameThatIsNotUtf8IsNotTheOneThatLooksLikeIt() {
        assertThat(ByteString.copyOf(LATIN_1))
                .isNotEqualTo(ByteString.of("café"))
                .isNotEqualTo(ByteString.of("caf\ufffd"));
    }

    @Test
    void isShownAsPrintableAsciiAndNothingElse() {
        assertThat(ByteString.of("a b~")).hasToString("a b~");
        assertThat(ByteString.copyOf(LATIN_1)).hasToString("caf\\xe9");
        assertThat(ByteString.of("a\\b\n\0\u007f")).hasToString("a\\\\b\\x0a\\x00\\x7f");
    }

    @Property
    void whatIsShownTellsNamesApart(@ForAll final byte[] one, @ForAll final byte[] other) {
        final ByteString a = ByteString.copyOf(one);
        final ByteString b = ByteString.copyOf(other);

        assertThat(a.toString().equals(b.toString())).isEqualTo(a.equals(b));
        assertThat(a.toString()).matches("[ -~]*");
    }

    @Test
    void isNotChangedFromOutside() {
        final byte[] given = {1, 2, 3};
        final ByteString string = ByteString.copyOf(given);
        given[0] = 9;
        string.toBytes()[1] = 9;

        assertThat(string).isEqualTo(ByteString.copyOf((byte) 1, (byte) 2, (byte) 3));
    }

    @Test
    void holdsAsManyBytesAsItsLengthFieldCanSay() {
        assertThat(ByteString.copyOf(new byte[0xffff]).length()).isEqualTo(65535);
        assertThatThrownBy(() -> ByteString.copyOf(new byte[0x10000]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("65536");
    }

    @Test
    void isSearchedByByte() {
        final ByteString name = ByteString.of("a/b");

        assertThat(name.contains('/')).isTrue();
        assertThat(name.contains('c')).isFalse();
        assertThat(name.startsWith(ByteString.of("a/"))).isTrue();
        assertThat(name.startsWith(ByteString.of("a/bc"))).isFalse();
        assertThat(name.at(2)).isEqualTo((byte) 'b');
    }

    private static byte[] bytes(final int... values) {
        final ByteBuffer bytes = ByteBuffer.allocate(values.length);
        Arrays.stream(values).forEach(value -> bytes.put((byte) value));
        return bytes.array();
    }
}
