package dev.ninepin.cli;

import dev.ninepin.daemon.control.ControlMessages;
import dev.ninepin.daemon.doctor.DeviceList;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The {@code ninepin devices} command. */
@Command(
        name = "devices",
        description = "Lists the virtio-9p devices of this guest.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "DRIVERS are the ways to drive a device, as in -o driver=, the best first.",
            "Only root can read mount tags. No device is disturbed.",
            "The JSON is one object, {\"devices\":[...]}. docs/devices.md describes its names.",
            "",
            "Exit codes:",
            "   0  listed           1  no such device           2  a system error",
            "",
            "Examples:",
            "  ninepin devices",
            "  ninepin devices --json"
        })
final class DevicesCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object, for programs.")
    private boolean json;

    @Override
    public Integer call() throws NinepinException {
        final DeviceList list = DeviceList.ofThisSystem();
        if (json) {
            print(ControlMessages.gson().toJson(list) + "\n");
        } else if (!list.devices().isEmpty()) {
            print(DevicesText.render(list));
        }
        if (list.devices().isEmpty()) {
            spec.commandLine()
                    .getErr()
                    .println("ninepin: there is no virtio-9p device: add a share to the virtual machine"
                            + " (QEMU: -device virtio-9p-pci)");
        }
        return (list.devices().isEmpty() ? ExitCode.USAGE : ExitCode.OK).code();
    }

    private void print(final String text) {
        final PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
    }
}
