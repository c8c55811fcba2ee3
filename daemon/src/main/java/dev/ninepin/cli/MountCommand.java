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
        description = "Mounts a share on an empty directory; returns when it is usable.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Sources:",
            "  TAG, virtio:TAG             the virtio-9p device with this mount tag",
            "  virtio:PCI-ADDRESS          the virtio-9p device there: virtio:0000:00:04.0",
            "                              (ninepin devices shows all; needs root)",
            "  qemu:DIR[,OPTION=VALUE]...  a directory here, exported by a QEMU of ours",
            "                              (a comma in DIR is written twice)",
            "  unix:PATH                   a server on a UNIX socket",
            "  tcp:HOST[:PORT]             a server on a TCP port (default: 564);",
            "                              an IPv6 address goes in brackets",
            "  vsock:CID:PORT              a server over vsock; the host is CID 2",
            "  vio9p:DEVICE                a device of illumos's vio9p, as /dev/9p/0",
            "  exec:COMMAND                a command that speaks 9P on its standard input",
            "                              and output; quotes as in a shell, but no shell:",
            "                              exec:'sh -c \"...\"' for one",
            "",
            "Options of -o:",
            "  ro, rw                      read only, or not (default: rw)",
            "  allow_other                 let other users in",
            "  default_permissions         let the kernel check permissions",
            "  contain_symlinks            refuse links that are absolute or have \"..\" in",
            "                              them, as sshfs does (or no_contain_symlinks)",
            "  access=any|user|client|UID  one attach for all (default); one for each user",
            "                              (client: and default_permissions); UID alone",
            "  uid=N, gid=N                show every file as owned by N",
            "  idmap=u:SERVER:HERE:COUNT   users (u), groups (g) or both (b) who have other",
            "                              numbers on the server; may be repeated",
            "  msize=BYTES                 largest message to propose (default: 131096)",
            "  aname=TREE, uname=USER      tree and user to attach to and as",
            "  locks=local|remote          whether the server is told of locks, so that hosts",
            "                              exclude each other (default: local)",
            "  cache=none|open|loose       what to believe without asking (default: open)",
            "                              none: nothing; open: a closed file is seen by the",
            "                              next open; loose: all, the share is ours alone",
            "  noxattr                     no extended attributes, no ACLs",
            "  noexec, nosymfollow, sync, dirsync",
            "                              for the kernel to enforce",
            "  noatime, nodiratime         leave the server's access times alone",
            "  suid, dev                   honour set-uid bits and devices; for root only",
            "  driver=vfio|uio|sysfs       how to reach a virtio device (default: the first",
            "                              of these that works)",
            "  What mount(8) and fstab mean for themselves is accepted, and does nothing.",
            "  Options of mount -t 9p are translated or ignored, and one line says so.",
            "",
            "Exit codes:",
            "   0  mounted; with -f: unmounted again, by a signal too",
            "   1  wrong usage      2  system error     8  interrupted     32  mount failed",
            "",
            "Examples:",
            "  ninepin mount hostshare /mnt/share",
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

    @Option(names = "-f", description = "Stay in the foreground; Ctrl-C unmounts.")
    private boolean foreground;

    @Option(names = "-o", paramLabel = "OPTION", description = "Mount options, with commas between them.")
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
            final BackgroundMount mount = new BackgroundMount(request, isVerbose() ? System.err : null);
            end.onSignal(mount::cancel);
            mount.start().ifPresent(warning -> Main.printError(spec.commandLine(), warning));
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
