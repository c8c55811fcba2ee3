package dev.ninepin.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.options.MountOptions;
import org.junit.jupiter.api.Test;

class RemountTest {
    @Test
    void itIsAskedForByItsNameOnly() {
        assertThat(MountOptions.askForRemount("rw,remount,ro")).isTrue();
        assertThat(MountOptions.askForRemount("rw,aname=remount")).isFalse();
    }

    @Test
    void whatItCannotChangeIsNamedAndWhatStaysIsNot() throws Exception {
        final String mounted = "trans=virtio,cache=mmap,allow_other,msize=65536,noexec";
        assertThat(Remount.unchangeable(
                        "rw,remount,ro,exec,nosymfollow,relatime,_netdev,user_id=0,max_read=4096", mounted))
                .isEmpty();
        assertThat(Remount.unchangeable(mounted + ",remount,cache=open,locks=local,msize=65536", mounted))
                .isEmpty();
        assertThat(Remount.unchangeable("remount,ro,msize=8192,noatime,cache=loose,uid=7", mounted))
                .containsExactly("msize=8192", "noatime (on the server)", "cache=loose", "uid=7");
        assertThat(Remount.unchangeable("remount,noatime", "noatime")).isEmpty();
    }

    @Test
    void aMistakeInItIsAnError() {
        final NinepinException e =
                catchThrowableOfType(NinepinException.class, () -> Remount.unchangeable("remount,mszie=8192", ""));
        assertThat(e.sentence()).isEqualTo("unknown option mszie: did you mean msize?");
    }

    @Test
    void theKernelGetsWhatItKnowsAndSetUidBitsStayOff() {
        assertThat(Remount.command("share", "/mnt", "rw,remount,ro,noexec,msize=65536,_netdev"))
                .containsExactly("mount", "-i", "-o", "remount,rw,ro,noexec,nosuid,nodev", "--", "share", "/mnt");
        assertThat(Remount.command("share", "/mnt", "remount,suid,dev"))
                .containsExactly("mount", "-i", "-o", "remount,suid,dev", "--", "share", "/mnt");
        assertThat(Remount.command("share", "/mnt", "remount,nosymfollow,context=\"a,ro\""))
                .containsExactly("mount", "-i", "-o", "remount,nosymfollow,nosuid,nodev", "--", "share", "/mnt");
    }
}
