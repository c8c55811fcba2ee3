package dev.ninepin.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RemountTest {
    @Test
    void itIsAskedForByItsNameOnly() {
        assertThat(Remount.isAskedFor("rw,remount,ro")).isTrue();
        assertThat(Remount.isAskedFor("rw,aname=remount")).isFalse();
    }

    @Test
    void theKernelGetsWhatItKnowsAndSetUidBitsStayOff() {
        assertThat(Remount.command("share", "/mnt", "rw,remount,ro,noexec,msize=65536,_netdev"))
                .containsExactly("mount", "-i", "-o", "remount,rw,ro,noexec,nosuid,nodev", "--", "share", "/mnt");
        assertThat(Remount.command("share", "/mnt", "remount,suid,dev"))
                .containsExactly("mount", "-i", "-o", "remount,suid,dev", "--", "share", "/mnt");
    }
}
