package dev.ninepin.share.inode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Timestamp;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Tests of the attributes that remain of a removed file. */
class RemovedTest {
    private static final Instant NOW = Instant.ofEpochSecond(9);
    private static final Timestamp BEFORE = new Timestamp(1, 0);

    private static Removed ofMode(final int mode) {
        return Removed.at(NOW, new Attributes(7, mode, 0, 0, 1, 0, 0, 4096, 0, BEFORE, BEFORE, BEFORE, false));
    }

    @Test
    void aChangeThatRemovesTheSetIdBitsRemovesThemHereToo() {
        assertThat(ofMode(0106755)
                        .changed(NOW, AttributeChange.LOSS_OF_SET_ID)
                        .attributes()
                        .mode())
                .isEqualTo(0100755);
    }

    @Test
    void otherChangesLeaveTheSetIdBits() {
        assertThat(ofMode(0106755)
                        .changed(NOW, AttributeChange.size(3))
                        .attributes()
                        .mode())
                .isEqualTo(0106755);
    }

    @Test
    void aDirectoryKeepsItsSetGroupIdBit() {
        assertThat(ofMode(0042755)
                        .changed(NOW, AttributeChange.LOSS_OF_SET_ID)
                        .attributes()
                        .mode())
                .isEqualTo(0042755);
    }
}
