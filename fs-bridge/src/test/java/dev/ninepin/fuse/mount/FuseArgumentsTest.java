package dev.ninepin.fuse.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class FuseArgumentsTest {
    @Test
    void theOptionsAreInLibfusesNotation() {
        assertThat(FuseArguments.mountOptions(new FuseOptions("tag", true, true, true)))
                .isEqualTo("fsname=tag,subtype=ninepin,big_writes,max_read=1048576,max_write=1048576,max_background=64,"
                        + "ro,allow_other,default_permissions");
    }

    @Test
    void theLimitsAreAmongThem() {
        assertThat(FuseArguments.mountOptions(new FuseOptions("tag", false, false, false)
                        .withLimits(new KernelLimits(65536, OptionalInt.of(0), 12))))
                .endsWith(",max_read=65536,max_write=1048576,max_background=12,max_readahead=0");
    }

    @Test
    void whatTheKernelIsToEnforceIsAmongThem() {
        assertThat(FuseArguments.mountOptions(new FuseOptions("tag", false, false, false)
                        .withKernelFlags(List.of("nodiratime", "noexec", "nosymfollow", "sync"))))
                .endsWith(",max_background=64,noexec,sync");
    }

    @Test
    void whatLibfuseCannotSetIsSetAfterwards() {
        final MountAttributes attributes = MountAttributes.of(new FuseOptions("tag", false, false, false)
                .withKernelFlags(List.of("nodiratime", "noexec", "strictatime", "nodiratime")));

        assertThat(attributes.words()).doesNotContain("noexec");
        assertThat(attributes.bits()).isEqualTo(0x80 | 0x20);
    }

    @Test
    void aContextKeepsItsCommas() {
        assertThat(FuseArguments.mountOptions(
                        new FuseOptions("tag", false, false, false).withKernelFlags(List.of("context=\"a:s0:c1,c2\""))))
                .endsWith(",context=\"a:s0:c1\\,c2\"");
    }

    @Test
    void aSourceCannotSmuggleOptionsIn() {
        assertThat(FuseArguments.mountOptions(new FuseOptions("qemu:/a,allow_other\\,b", false, false, false)))
                .startsWith("fsname=qemu:/a\\,allow_other\\\\\\,b,subtype=");
    }
}
