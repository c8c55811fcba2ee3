package dev.ninepin.daemon.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.Source;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.ScriptedServer;
import dev.ninepin.virtio.driver.DeviceUse;
import dev.ninepin.virtio.driver.DriverKind;
import dev.ninepin.virtio.driver.VirtioDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests each check of the doctor, with and without the fault, on a directory tree that imitates a system. */
class DoctorTest {
    private static final User ROOT = new User(0);
    private static final User SOMEBODY = new User(1000);

    @TempDir
    private Path root;

    private HostFiles host;

    @BeforeEach
    void aSystemThatIsWell() throws Exception {
        host = new HostFiles(root, "/usr/bin:/bin");
        write("/dev/fuse", "");
        write("/proc/filesystems", "nodev\tsysfs\n\text4\nnodev\tfuse\nnodev\tfusectl\n");
        write("/etc/fuse.conf", "# allowed to all\nuser_allow_other\n");
        write("/etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n");
        write("/proc/meminfo", "MemTotal: 2030000 kB\nHugepagesize:       2048 kB\n");
        write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "3\n");
        write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        Files.createDirectories(root.resolve("sys/kernel/iommu_groups/0"));
        program("fusermount", "rwsr-xr-x");
        program("qemu-system-x86_64", "rwxr-xr-x");
        program("setpriv", "rwxr-xr-x");
    }

    @Test
    void aSystemThatIsWellIsSaidToBe() throws Exception {
        for (final User user : List.of(ROOT, SOMEBODY)) {
            final FuseChecks checks = checks(user, true);
            assertThat(List.of(
                            checks.java(17),
                            checks.kernel(),
                            checks.library(() -> {}),
                            checks.privileges(),
                            checks.allowOther()))
                    .allMatch(finding -> finding.verdict() == Finding.Verdict.OK);
        }
        final List<Finding> devices = new Doctor(devices(ROOT, null).all()).examine();
        assertThat(devices).hasSize(4).allMatch(finding -> finding.verdict() == Finding.Verdict.OK);
        assertThat(devices.toString()).contains("hugepages: 3 of 2048 KiB are free");
    }

    @Test
    void anOldJava() {
        assertThat(checks(ROOT, false).java(11))
                .hasToString("FAIL  Java: version 11 is too old; Ninepin needs 17 or newer; to fix it: apt-get install"
                        + " default-jre-headless");
    }

    @Test
    void aKernelWithoutFuse() throws Exception {
        Files.delete(root.resolve("dev/fuse"));
        write("/proc/filesystems", "nodev\tfusectl\n\tfuseblk\n");
        assertThat(checks(ROOT, false).kernel())
                .hasToString("FAIL  kernel FUSE: it is not loaded; to fix it: modprobe fuse");
    }

    @Test
    void aDeviceThatIsMissing() throws Exception {
        Files.delete(root.resolve("dev/fuse"));
        assertThat(checks(ROOT, false).kernel().toString())
                .startsWith("FAIL  kernel FUSE: the kernel has it, but /dev/fuse does not exist")
                .contains("mknod -m 666 /dev/fuse c 10 229")
                .contains("docker run --cap-add SYS_ADMIN --device /dev/fuse");
    }

    @Test
    void aDeviceThatDoesNotOpen() throws Exception {
        Files.delete(root.resolve("dev/fuse"));
        Files.createDirectory(root.resolve("dev/fuse"));
        assertThat(checks(ROOT, false).kernel().toString()).startsWith("FAIL  kernel FUSE: cannot open /dev/fuse: ");
        write("/proc/filesystems", "");
        assertThat(checks(ROOT, false).kernel())
                .hasToString("FAIL  kernel FUSE: /dev/fuse exists, but the kernel module fuse is not loaded;"
                        + " to fix it: modprobe fuse");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ID=debian;VERSION_CODENAME=bookworm | apt-get install libfuse2",
                "ID=debian;VERSION_CODENAME=trixie | apt-get install libfuse2t64",
                "ID=ubuntu;ID_LIKE=debian;VERSION_CODENAME=noble | apt-get install libfuse2t64",
                "ID=\"rocky\";ID_LIKE=\"rhel centos fedora\" | dnf install fuse-libs",
                "ID=fedora | dnf install fuse-libs",
                "ID=arch | install libfuse2 (Debian's name), or fuse-libs (Red Hat's)"
            })
    void noLibfuse(final String release, final String remedy) throws Exception {
        write("/etc/os-release", release.replace(';', '\n') + "\n");
        final Finding finding = checks(ROOT, false).library(() -> {
            throw new IOException("could not be loaded");
        });
        assertThat(finding).hasToString("FAIL  libfuse 2: libfuse.so.2 does not load; to fix it: " + remedy);
    }

    @Test
    void rootOfAContainerThatMayNotMount() throws Exception {
        write("/proc/self/status", "Name:\tjava\nCapEff:\t00000000a80425fb\n");
        assertThat(checks(ROOT, false).privileges().toString())
                .startsWith("FAIL  privileges: root, but without CAP_SYS_ADMIN")
                .contains("--cap-add SYS_ADMIN");
        write("/proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
        assertThat(checks(ROOT, false).privileges().verdict()).isEqualTo(Finding.Verdict.OK);
    }

    @Test
    void aUserWithoutFusermount() throws Exception {
        final Path fusermount = root.resolve("usr/bin/fusermount");
        Files.setPosixFilePermissions(fusermount, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(checks(SOMEBODY, false).privileges().toString())
                .startsWith("FAIL  privileges: not root, and fusermount is not set-user-ID")
                .endsWith("chmod u+s " + fusermount + ", as root");
        Files.delete(fusermount);
        assertThat(checks(SOMEBODY, false).privileges().toString())
                .startsWith("FAIL  privileges: not root, and fusermount is missing")
                .endsWith("apt-get install fuse3");
        program("fusermount3", "rwsr-xr-x");
        assertThat(checks(SOMEBODY, false).privileges().verdict()).isEqualTo(Finding.Verdict.OK);
    }

    @Test
    void allowOtherIsAFailureOnlyWhereItIsAskedFor() throws Exception {
        write("/etc/fuse.conf", "#user_allow_other\n");
        assertThat(checks(SOMEBODY, false).allowOther())
                .hasToString("warn  allow_other: /etc/fuse.conf permits this option to root only; to fix it: echo"
                        + " user_allow_other >> /etc/fuse.conf, as root");
        assertThat(checks(SOMEBODY, true).allowOther().verdict()).isEqualTo(Finding.Verdict.FAIL);
        assertThat(checks(ROOT, true).allowOther().verdict()).isEqualTo(Finding.Verdict.OK);
        Files.delete(root.resolve("etc/fuse.conf"));
        assertThat(checks(SOMEBODY, true).allowOther().verdict()).isEqualTo(Finding.Verdict.FAIL);
    }

    @Test
    void aPlaceForTheControlSockets() throws Exception {
        final Path run = Files.createDirectory(root.resolve("run"));
        assertThat(checks(ROOT, false).controlSockets(run)).hasToString("ok    control sockets: " + run);
        assertThat(checks(ROOT, false).controlSockets(run.resolve("ninepin")))
                .hasToString("ok    control sockets: " + run + "/ninepin can be created");
        write("/run/file", "");
        assertThat(checks(SOMEBODY, false)
                        .controlSockets(run.resolve("file/ninepin"))
                        .toString())
                .startsWith("FAIL  control sockets: cannot create " + run + "/file/ninepin: " + run + "/file is not a")
                .endsWith("install -d -m 700 -o 1000 " + run + "/file/ninepin, as root");
    }

    @Test
    void qemuIsAFailureOnlyWhereItIsAskedFor() throws Exception {
        Files.delete(root.resolve("usr/bin/setpriv"));
        assertThat(devices(ROOT, null).qemu().toString()).contains("warn  QEMU: setpriv", "apt-get install util-linux");
        Files.delete(root.resolve("usr/bin/qemu-system-x86_64"));
        assertThat(devices(ROOT, "qemu:/srv").qemu().toString())
                .contains("FAIL  QEMU: qemu-system-x86_64", "apt-get install --no-install-recommends qemu-system-x86");
        assertThat(devices(ROOT, "unix:/x").qemu()).isEmpty();
    }

    @Test
    void aKernelThatIsLockedDown() throws Exception {
        write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        assertThat(devices(ROOT, null).lockdown().toString())
                .contains("ok    kernel lockdown: integrity, so virtio devices are driven by VFIO only");
        Files.delete(root.resolve("sys/kernel/iommu_groups/0"));
        assertThat(devices(ROOT, null).lockdown().toString())
                .contains("warn  kernel lockdown: integrity, and there is no IOMMU", "boot without Secure Boot");
        assertThat(devices(ROOT, null).iommu().toString()).contains("IOMMU: none");
        Files.delete(root.resolve("sys/kernel/security/lockdown"));
        assertThat(devices(ROOT, null).lockdown().toString()).contains("ok    kernel lockdown: none");
    }

    @Test
    void aKernelWithoutHugePages() throws Exception {
        Files.delete(root.resolve("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"));
        assertThat(devices(ROOT, null).hugePages().toString())
                .contains("warn  hugepages: not supported by this kernel");
    }

    @Test
    void driversOfDevicesAreForRoot() throws Exception {
        assertThat(devices(SOMEBODY, null).rights().toString())
                .contains("warn  device access: driving a virtio device");
    }

    @Test
    void devicesAreSaidToBeFreeOrHeldOrOutOfReach() {
        final Map<DriverKind, Optional<String>> free =
                Map.of(DriverKind.SYSFS, Optional.empty(), DriverKind.VFIO, Optional.of("no IOMMU"));
        assertThat(examine(device(Optional.empty(), Optional.empty(), free)))
                .hasToString("ok    device 0000:00:04.0: tag share, free, could be driven by sysfs");
        assertThat(examine(device(Optional.of("9pnet_virtio"), Optional.empty(), free)))
                .hasToString(
                        "ok    device 0000:00:04.0: tag share, bound to the kernel driver 9pnet_virtio but not mounted,"
                                + " could be driven by sysfs");
        assertThat(examine(device(Optional.of("9pnet_virtio"), Optional.of(MOUNTED), free))
                        .toString())
                .startsWith("warn  device 0000:00:04.0: tag share, mounted by the kernel's 9p on /mnt/kernel")
                .contains("unmount it there first");
        final DeviceUse ours = new DeviceUse(DeviceUse.NINEPIN, "in use by another ninepin", "", List.of());
        assertThat(examine(device(Optional.empty(), Optional.of(ours), free)).verdict())
                .isEqualTo(Finding.Verdict.OK);
        assertThat(examine(device(
                                Optional.empty(),
                                Optional.empty(),
                                Map.of(DriverKind.SYSFS, Optional.of("the kernel is locked down"))))
                        .toString())
                .startsWith("warn  ")
                .contains("free, but no driver on this host can use it (sysfs: the kernel is locked down)");
        assertThat(new VirtioCheck(List::of).examine().toString()).contains("ok    virtio-9p: this machine has no");
    }

    private static final DeviceUse MOUNTED = new DeviceUse(
            "9pnet_virtio",
            "mounted by the kernel's 9p on /mnt/kernel",
            "unmount it there first",
            List.of("/mnt/kernel"));

    private static VirtioDevice device(
            final Optional<String> virtioDriver,
            final Optional<DeviceUse> use,
            final Map<DriverKind, Optional<String>> obstacles) {
        return new VirtioDevice(
                "0000:00:04.0", Optional.of("share"), Optional.empty(), Optional.empty(), virtioDriver, use, obstacles);
    }

    private static Finding examine(final VirtioDevice device) {
        return new VirtioCheck(() -> List.of(device)).examine().get(0);
    }

    @Test
    void aServerThatAnswers() throws Exception {
        final Path export = Files.createDirectory(root.resolve("export"));
        try (DiodServer server = DiodServer.onUnixSocket(export)) {
            final String source = "unix:" + server.socket();
            assertThat(examine(source, "aname=" + export))
                    .hasToString("ok    source: " + source + ": a 9P2000.L server answers, msize 65536");
            // diod exports no tree of this name, so a mount would fail.
            assertThat(examine(source, "aname=/none").toString())
                    .startsWith("FAIL  source: ")
                    .contains("check -o aname=");
        }
    }

    @Test
    void aServerOfAnotherKind() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            ScriptedServer.sendAll(
                    client, ByteBuffer.wrap("220 mail.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII)));
            ScriptedServer.awaitEnd(client);
        })) {
            assertThat(examine("unix:" + server.socket(), "").toString())
                    .startsWith("FAIL  source: ")
                    .contains("check that it is a 9P2000.L server");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "unix:/no/such/socket, start the server that listens there first",
        "tcp:127.0.0.1:1, check that the server runs",
        "exec:no-such-command, give its full path",
        "exec:false, check that it is a 9P2000.L server",
        "vio9p:/dev/null, is not a vio9p device",
        "qemu:/no/such/directory, create it first"
    })
    void noServer(final String source, final String remedy) throws Exception {
        final Finding finding = examine(source, "");
        assertThat(finding.toString()).startsWith("FAIL  source: ").contains(remedy);
        assertThat(Doctor.hasNoFailure(List.of(finding))).isFalse();
    }

    private static Finding examine(final String source, final String options) throws Exception {
        final List<Finding> findings =
                new SourceCheck(Source.parse(source), MountOptions.parse(options), User.current()).examine();
        assertThat(findings).hasSize(1);
        return findings.get(0);
    }

    private FuseChecks checks(final User user, final boolean allowOther) {
        return new FuseChecks(host, user, allowOther);
    }

    private DeviceChecks devices(final User user, final String source) throws NinepinException {
        return new DeviceChecks(host, user, source == null ? null : Source.parse(source));
    }

    private void program(final String name, final String mode) throws IOException {
        write("/usr/bin/" + name, "");
        // PosixFilePermission has no set-user-ID bit.
        final int bits = mode.contains("s") ? 04755 : 0755;
        Files.setAttribute(root.resolve("usr/bin/" + name), "unix:mode", bits);
    }

    private void write(final String path, final String text) throws IOException {
        final Path file = root.resolve(path.substring(1));
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
