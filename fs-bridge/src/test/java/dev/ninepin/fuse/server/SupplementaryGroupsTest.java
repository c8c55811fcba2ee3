package dev.ninepin.fuse.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Tests of a thread that does not exist. Tests with processes of other users on a mount cover threads that have groups.
 */
class SupplementaryGroupsTest {
    @Test
    void aThreadThatIsNotThereIsInNone() {
        assertThat(SupplementaryGroups.of(0)).isEmpty();
        assertThat(SupplementaryGroups.of(Integer.MAX_VALUE)).isEmpty();
    }
}
