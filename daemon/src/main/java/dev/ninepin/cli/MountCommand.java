package dev.ninepin.cli;

import dev.ninepin.daemon.control.Unmount;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.life.BackgroundMount;
import dev.ninepin.daemon.life.ForegroundMount;
import dev.ninepin.daemon.life.ProcessEnd;
import dev.ninepin.daemon.options.MountRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code ninepin mount} command. */
@Command(
        name = "mount",
        description = "Mounts a share on an empty directory; returns when the mount is usable.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Sources:",
            "  TAG, virtio:TAG             the virtio-9p device with this mount tag",
            "  virtio:PCI-ADDRESS          the device at this address: virtio:0000:00:04.0",
            "                              (ninepin devices lists all; needs root)",
            "  qemu:DIR[,OPTION=VALUE]...  a directory of this host, exported by a QEMU that",
            "                              Ninepin starts (write a comma in DIR twice)",
            "  unix:PATH                   a server on a UNIX socket",
            "  tcp:HOST[:PORT]             a server on a TCP port (default: 564);",
            "                              write an IPv6 address in brackets",
            "  vsock:CID:PORT              a server over vsock; the host is CID 2",
            "  vio9p:DEVICE                a device of illumos's vio9p, such as /dev/9p/0",
            "  exec:COMMAND                a command that speaks 9P on its standard input",
            "                              and output; quotes work as in a shell, but no",
            "                              shell runs: exec:'sh -c \"...\"' starts one",
            "",
            "Options of -o:",
            "  ro, rw                      mount read-only or read-write (default: rw)",
            "  allow_other                 admit users other than the mounting user",
            "  default_permissions         let the kernel check permissions",
            "  contain_symlinks            refuse symbolic links that are absolute or contain",
            "                              \"..\" (default: no_contain_symlinks)",
            "  access=any|user|client|UID  one attach for all users (default); one attach for",
            "                              each user (client: with default_permissions); only",
            "                              the user UID",
            "  uid=N, gid=N                show every file as owned by N",
            "  idmap=u:SERVER:LOCAL:COUNT  map server IDs of users (u), groups (g) or both",
            "                              (b) to local IDs; may be repeated",
            "  msize=BYTES                 largest message to propose (default: 131096;",
            "                              524312 for qemu:)",
            "  max_read=BYTES              largest read of the kernel (default: 1048576)",
            "  readahead=BYTES             how far the kernel reads ahead (default: 524288",
            "                              for root; at most 131072 for other users)",
            "  max_background=N            most requests under way for which no program",
            "                              waits (default: 64)",
            "  aname=TREE, uname=USER      the tree to attach to, the user to attach as",
            "  timeout=SECONDS|hard        how long requests wait for a reconnection",
            "                              (default: 60; hard: no limit)",
            "  noreconnect                 fail with EIO once the connection has ended",
            "  locks=local|remote          whether locks also apply between hosts",
            "                              (default: local)",
            "  cache=none|open|loose       what to use without asking the server:",
            "                              none: nothing; open: open(2) sees what was closed",
            "                              before (default); loose: everything",
            "  attr_timeout=SECONDS, entry_timeout=SECONDS, negative_timeout=SECONDS",
            "                              how long to use attributes, names, missing names",
            "                              without asking (default: 1; loose: 86400)",
            "  writeback, no_writeback     whether close(2) and fsync(2) wait for the server",
            "                              instead of write(2) (default: writeback)",
            "  noxattr                     no extended attributes, no ACLs",
            "  noexec, nosymfollow, sync, dirsync",
            "                              enforced by the kernel",
            "  noatime, nodiratime         reads do not update access times on the server",
            "  suid, dev                   honour set-user-ID bits and devices; root only",
            "  driver=vfio|uio|sysfs       how to drive a virtio device (default: the first",
            "                              of these that works)",
            "  Options that mount(8) and fstab use themselves are accepted without effect.",
            "  Options of mount -t 9p are translated or ignored; one line names them.",
            "  ninepin-mount(1) describes each option.",
            "",
            "Exit codes:",
            "   0  mounted; with -f: unmounted again, possibly by a signal",
            "   1  wrong usage      2  system error     8  interrupted     32  mount failed",
            "",
            "Examples:",
            "  ninepin mount share /mnt/share",
            "  ninepin mount qemu:/srv/share,security_model=mapped-xattr /mnt/share",
            "  ninepin mount -f -v -o ro tcp:localhost:5640 /mnt/share"
        })
final class MountCommand implements Callable<Integer> {
    private final ProcessEnd end;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "SOURCE", description = "What to mount.")
    private String source = "";

    @Parameters(paramLabel = "DIR", description = "An empty directory to mount it on.")
    private String directory = "";

    @Option(names = "-f", description = "Stay in the foreground; Ctrl-C, SIGTERM and ninepin umount unmount the share.")
    private boolean foreground;

    @Option(names = "-o", paramLabel = "OPTION", description = "Mount options, separated by commas.")
    private List<String> options = new ArrayList<>();

    @Option(
            names = {"-r", "--read-only"},
            description = "The same as -o ro.")
    private boolean readOnly;

    @Option(
            names = {"-w", "--rw", "--read-write"},
            description = "The same as -o rw.")
    private boolean readWrite;

    @Option(names = "-v", description = "Log more; -vv: every request.")
    private boolean[] verbosity = {};

    MountCommand(final ProcessEnd end) {
        this.end = end;
    }

    boolean isVerbose() {
        return verbosity.length > 0;
    }

    @Override
    public Integer call() throws NinepinException {
        final MountRequest request = MountRequest.parse(source, directory, optionList(), logLevel());
        Unmount.clearDead(request.mountPoint());
        if (foreground) {
            inForeground(request);
        } else {
            request.note().ifPresent(note -> Main.printNotice(spec.commandLine(), note));
            final BackgroundMount mount =
                    new BackgroundMount(request, isVerbose(), warning -> Main.printError(spec.commandLine(), warning));
            end.onSignal(mount::requestEnd);
            mount.run();
        }
        return 0;
    }

    private void inForeground(final MountRequest request) throws NinepinException {
        final ForegroundMount mount = new ForegroundMount(request);
        end.onSignal(mount::requestEnd);
        mount.run();
    }

    private String optionList() {
        final List<String> all = new ArrayList<>(options);
        if (readOnly) {
            all.add("ro");
        }
        if (readWrite) {
            all.add("rw");
        }
        return String.join(",", all);
    }

    private Level logLevel() {
        return switch (verbosity.length) {
            case 0 -> Level.INFO;
            case 1 -> Level.DEBUG;
            default -> Level.TRACE;
        };
    }
}
