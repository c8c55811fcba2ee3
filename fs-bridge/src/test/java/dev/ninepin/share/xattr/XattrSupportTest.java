package dev.ninepin.share.xattr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.ByteString;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XattrSupportTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final ByteString CAPABILITY = ByteString.of("security.capability");
    private static final ByteString LABEL = ByteString.of("security.selinux");

    private final XattrSupport support = new XattrSupport();

    @Test
    void aRefusalIsThatOfAKindForASecond() {
        assertThat(support.isRefused(LABEL, 0)).isFalse();
        support.refused(CAPABILITY, 0);

        assertThat(support.isRefused(LABEL, SECOND - 1)).isTrue();
        assertThat(support.isRefused(ByteString.of("trusted.name"), 1)).isFalse();
        assertThat(support.isRefused(LABEL, SECOND + 1)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"user.name", "system.posix_acl_access", "system.posix_acl_default", ""})
    void whatEachFileSystemHasOrHasNotIsNoKind(final String name) {
        support.refused(ByteString.of(name), 5);
        assertThat(support.isRefused(ByteString.of(name), 6)).isFalse();
    }

    @Test
    void oneFileThatCouldHaveItIsEnough() {
        support.refused(CAPABILITY, 5);
        support.answered(LABEL);
        assertThat(support.isRefused(CAPABILITY, 6)).isFalse();
        support.refused(CAPABILITY, 7);
        assertThat(support.isRefused(CAPABILITY, 8)).isFalse();
    }
}
