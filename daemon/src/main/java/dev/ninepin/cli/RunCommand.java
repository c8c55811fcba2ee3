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
        description = "Mounts what a configuration file says, and serves it in the foreground.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "What the unit ninepin@.service runs. It tells systemd when the mount is usable,",
            "feeds its watchdog with answers of the server, and logs to standard error.",
            "A dead mount that is in the way is cleared first.",
            "",
            "The file, one KEY=VALUE a line:",
            "  source=SOURCE               what to mount",
            "  directory=DIR               where",
            "  options=OPTIONS             as behind -o; any number of times",
            "  log=LEVEL                   error, warn, info (default), debug or trace",
            "",
            "Exit codes:",
            "   0  unmounted again, by a signal too",
            "   1  a mistake in the file      2  system error        8  interrupted",
            "  32  mount failed",
            "",
            "Examples:",
            "  ninepin run /etc/ninepin/share.conf",
            "  systemctl enable --now ninepin@share"
        })
final class RunCommand implements Callable<Integer> {
    private final ProcessEnd end;

    @Parameters(paramLabel = "FILE", description = "What to mount, where and how.")
    private String file = "";

    @Option(
            names = "--clear",
            description = "Mount nothing: only clear away what a killed daemon left of the mount, if anything.")
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
