package dev.ninepin.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** That groups are found is tried where they decide: with processes of other users, on a mount. */
class SupplementaryGroupsTest {
    @Test
    void aThreadThatIsNotThereIsInNone() {
        assertThat(SupplementaryGroups.of(0)).isEmpty();
        assertThat(SupplementaryGroups.of(Integer.MAX_VALUE)).isEmpty();
    }
}
