package dev.ninepin.cli;

import dev.ninepin.daemon.control.Unmount;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.life.ForegroundMount;
import dev.ninepin.daemon.life.ProcessEnd;
import dev.ninepin.daemon.options.MountRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code ninepin run} command. */
@Command(
        name = "run",
        description = "Mounts the share of a configuration file, and serves it in the foreground.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "The unit ninepin@.service runs this command. It tells systemd when the mount is",
            "usable, feeds the watchdog when the server answers, and logs to standard error.",
            "It first clears a dead mount from the directory.",
            "",
            "The file, one KEY=VALUE a line:",
            "  source=SOURCE               the share to mount",
            "  directory=DIR               the directory to mount it on",
            "  options=OPTIONS             as for mount -o; may be repeated",
            "  log=LEVEL                   error, warn, info (default), debug or trace",
            "",
            "Exit codes:",
            "   0  unmounted again, possibly by a signal",
            "   1  a mistake in the file      2  system error        8  interrupted",
            "  32  mount failed",
            "",
            "Examples:",
            "  ninepin run /etc/ninepin/share.conf",
            "  systemctl enable --now ninepin@share"
        })
final class RunCommand implements Callable<Integer> {
    private final ProcessEnd end;

    @Parameters(paramLabel = "FILE", description = "The configuration: ninepin.conf(5).")
    private String file = "";

    @Option(names = "--clear", description = "Mount nothing; only clear the mount of a killed daemon, if there is one.")
    private boolean clear;

    RunCommand(final ProcessEnd end) {
        this.end = end;
    }

    @Override
    public Integer call() throws NinepinException {
        final MountRequest request = MountRequest.ofConfiguration(file);
        Unmount.clearDead(request.mountPoint());
        if (!clear) {
            final ForegroundMount mount = new ForegroundMount(request);
            end.onSignal(mount::requestEnd);
            mount.run();
        }
        return 0;
    }
}
