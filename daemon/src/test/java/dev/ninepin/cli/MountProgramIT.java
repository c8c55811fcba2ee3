package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.daemon.options.MountManual;
import dev.ninepin.testing.DiodServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of {@code mount -t ninepin} with this host's mount(8), in a mount namespace in which mount(8) finds the helper.
 */
class MountProgramIT {
    /**
     * A script that adds the helper's directory $1 to /sbin and then runs the script $2 with the remaining arguments.
     */
    private static final String IN_NAME_SPACE = """
            sbin=$(readlink -f /sbin)
            mount -t overlay -o "lowerdir=$1:$sbin" overlay "$sbin"
            script=$2; shift 2
            exec sh -euc "$script" sh "$@"
            """;

    /** Mounts, prints the kernel's options of the mount, reads a file, and unmounts. */
    private static final String MOUNT = """
            mount -t ninepin -o "$1" "$2" "$3"
            findmnt -no OPTIONS "$3"; cat "$3/hello"
            umount "$3"
            """;

    private static final String MOUNT_BY_FSTAB = """
            mount -T "$1" "$2"
            cat "$2/hello"
            umount "$2"
            """;

    private static final String REMOUNT = """
            mount -t ninepin -o allow_other,msize=65536 "$1" "$2"
            mount -t ninepin -o "remount,ro,nosymfollow,allow_other,msize=65536,cache=open" "$1" "$2"
            findmnt -no OPTIONS "$2"
            mount -t ninepin -o remount,rw,msize=8192 "$1" "$2"
            findmnt -no OPTIONS "$2"
            umount "$2"
            """;

    @TempDir
    private Path temporary;

    private Path share;
    private Path mountPoint;
    private Path sbin;

    @BeforeEach
    void prepare() throws Exception {
        assumeTrue(
                ((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) == 0,
                "only root may mount, and have a mount name space");
        temporary = temporary.toRealPath();
        share = Files.createDirectory(temporary.resolve("share"));
        Files.writeString(share.resolve("hello"), "hello\n");
        mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        sbin = Files.createDirectory(temporary.resolve("sbin"));
        Files.createSymbolicLink(sbin.resolve("mount.ninepin"), Program.TREE.resolve("daemon/target/ninepin"));
    }

    @Test
    void everyOptionOfMountsManualIsTaken() throws Exception {
        final Program.Result flags = mount(String.join(",", MountManual.FLAGS));
        assertThat(flags.errors()).isEmpty();
        assertThat(words(flags))
                .contains("ro", "nosuid", "nodev", "noexec", "sync", "dirsync", "noatime", "nodiratime", "nosymfollow");
        final Program.Result opposites = mount(String.join(",", MountManual.OPPOSITES));
        assertThat(opposites.errors()).isEmpty();
        assertThat(words(opposites)).contains("rw", "nosuid", "nodev").doesNotContain("noatime", "nosymfollow");
        assertThat(mount(String.join(",", MountManual.LAYERED)).errors()).isEmpty();
        assertThat(mount(String.join(",", MountManual.CONTEXTS)).errors()).isEmpty();
    }

    @Test
    void nosymfollowIsEnforced() throws Exception {
        Files.createSymbolicLink(share.resolve("link"), Path.of("hello"));
        final Program.Result result = run("""
                mount -t ninepin -o nosymfollow "$1" "$2"
                readlink "$2/link"
                cat "$2/link" || echo refused
                umount "$2"
                """, source(), mountPoint.toString());
        assertThat(result.output()).isEqualTo("hello\nrefused\n");
        assertThat(result.errors()).contains("Too many levels of symbolic links");
    }

    /**
     * Lines of fstab from guides of libvirt, UTM, Proxmox, Lima, NixOS and QEMU. Only type and source differ from the
     * guides.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "9p trans=virtio,version=9p2000.L,rw,_netdev,nofail 0 0",
                "9p trans=virtio,version=9p2000.L,rw 0 0",
                "9p trans=virtio,version=9p2000.L,rw,_netdev,nofail,auto 0 0",
                "9p trans=virtio,rw,_netdev 0 0",
                "9p trans=virtio,version=9p2000.L,nobootwait,rw,_netdev 0 0",
                "9p trans=virtio,version=9p2000.L,msize=131072,cache=mmap,nofail 0 0",
                "9p trans=virtio,version=9p2000.L,cache=loose,msize=16384,x-initrd.mount 0 2",
                "9p ro,trans=virtio,version=9p2000.L,posixacl,msize=104857600,cache=none 0 0",
                "9p trans=virtio,version=9p2000.L,msize=512000,access=any,nodevmap,x-systemd.automount,noauto 0 0",
            })
    void aLineOfFstabThatWasMadeFor9pMounts(final String line) throws Exception {
        final Path fstab = Files.writeString(
                temporary.resolve("fstab"),
                source() + " " + mountPoint + " " + line.replaceFirst("^9p", "ninepin") + "\n");
        final Program.Result result = run(MOUNT_BY_FSTAB, fstab.toString(), mountPoint.toString());
        assertThat(result.errors())
                .startsWith("ninepin: options of mount -t 9p: ")
                .contains("only this user may use the mount")
                .hasLineCount(1);
        assertThat(result).returns("hello\n", Program.Result::output).returns(0, Program.Result::exitCode);
    }

    @Test
    void aServerOverTcpIsNamedByItsAddressAndPort() throws Exception {
        try (DiodServer diod = DiodServer.onTcp(share)) {
            final Program.Result result = run(
                    MOUNT,
                    "trans=tcp,port=" + diod.port() + ",aname=" + diod.aname()
                            + ",version=9p2000.L,uname=root,access=client,cache=readahead,dfltuid=1000,dfltgid=1000",
                    "127.0.0.1",
                    mountPoint.toString());
            assertThat(result.errors())
                    .isEqualTo(
                            "ninepin: options of mount -t 9p: access=client lets other users in, cache=readahead means"
                                    + " cache=open, trans=tcp means the source tcp:127.0.0.1:" + diod.port()
                                    + "; ignored: dfltgid=1000, dfltuid=1000\n");
            assertThat(words(result)).contains("allow_other", "default_permissions");
        }
    }

    @Test
    void aServerOnASocketIsNamedByItsPath() throws Exception {
        try (DiodServer diod = DiodServer.onUnixSocket(share)) {
            assertThat(run(
                                    MOUNT,
                                    "trans=unix,allow_other,aname=" + diod.aname(),
                                    diod.socket().toString(),
                                    mountPoint.toString())
                            .errors())
                    .isEqualTo("ninepin: options of mount -t 9p: trans=unix means the source unix:" + diod.socket()
                            + "\n");
        }
    }

    @Test
    void aRemountNamesWhatItCannotChangeAndDoesTheRest() throws Exception {
        final Program.Result result = run(REMOUNT, source(), mountPoint.toString());
        assertThat(result.exitCode()).isZero();
        final List<String> shown = result.output().lines().toList();
        assertThat(shown.get(0).split(",")).contains("ro", "nosymfollow");
        assertThat(shown.get(1).split(",")).contains("rw").doesNotContain("nosymfollow");
        assertThat(result.errors())
                .isEqualTo("ninepin: a remount does not change msize=8192: unmount and mount again for that\n");
    }

    private String source() {
        return "qemu:" + share;
    }

    private Program.Result mount(final String options) throws Exception {
        final Program.Result result = run(MOUNT, options, source(), mountPoint.toString());
        assertThat(result.exitCode()).as(options + ": " + result.errors()).isZero();
        assertThat(result.output()).endsWith("hello\n");
        return result;
    }

    private static List<String> words(final Program.Result result) {
        return List.of(result.output().lines().findFirst().orElseThrow().split(","));
    }

    private Program.Result run(final String script, final String... arguments) throws Exception {
        final List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-euc",
                IN_NAME_SPACE,
                "sh",
                sbin.toString(),
                script));
        command.addAll(List.of(arguments));
        return Program.run(command, Map.of("LC_ALL", "C.UTF-8"));
    }
}
