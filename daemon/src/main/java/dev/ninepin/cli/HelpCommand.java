package dev.ninepin.cli;

import dev.ninepin.daemon.host.ExitCode;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code ninepin help} command. */
@Command(
        name = "help",
        description = "Shows the help of a command, or of ninepin.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "The same as ninepin COMMAND --help.",
            "",
            "Exit codes:",
            "   0  shown            1  no such command",
            "",
            "Examples:",
            "  ninepin help",
            "  ninepin help mount"
        })
final class HelpCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "COMMAND", arity = "0..1", description = "The command to describe (default: ninepin).")
    private @Nullable String command;

    @Override
    public Integer call() {
        final CommandLine ninepin = spec.commandLine().getParent();
        final CommandLine described =
                command == null ? ninepin : ninepin.getSubcommands().get(command);
        if (described == null) {
            throw new ParameterException(ninepin, WrongUsage.unknownCommand(ninepin, String.valueOf(command)));
        }
        described.usage(described.getOut());
        return ExitCode.OK.code();
    }
}
