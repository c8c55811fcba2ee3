package dev.ninepin.cli;

import dev.ninepin.daemon.options.Suggestion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Error messages for an invalid command line. Each is one sentence that says what is wrong and what to do. */
final class WrongUsage {
    /** Advice for options that other programs have. The key is the command's name and the option. */
    private static final Map<String, String> FOREIGN = Map.of(
            "mount -t", "leave it out, every source of ninepin is 9P; or run mount -t ninepin SOURCE DIR",
            "mount --types", "leave it out, every source of ninepin is 9P; or run mount -t ninepin SOURCE DIR",
            "mount --ro", "did you mean -o ro?",
            "mount --bind", "a share is mounted from a server; mount(8) binds directories",
            "mount -a", "mount(8) mounts all of fstab: mount -a -t ninepin",
            "umount -a", "name one directory; umount(8) unmounts all: umount -a -t fuse.ninepin",
            "status -j", "did you mean --json?",
            "devices -j", "did you mean --json?",
            "mount.ninepin -r", "did you mean -o ro?",
            "mount.ninepin -w", "did you mean -o rw?");

    static String sentence(final ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched) {
            return unmatched(e.getCommandLine(), unmatched.getUnmatched().get(0));
        }
        if (e instanceof MissingParameterException missing
                && missing.getMissing().stream().allMatch(ArgSpec::isPositional)) {
            return missing(e.getCommandLine().getCommandSpec(), missing.getMissing());
        }
        return String.valueOf(e.getMessage());
    }

    /** Returns the message for {@code word}, an unknown command of {@code ninepin}. */
    static String unknownCommand(final CommandLine ninepin, final String word) {
        final Set<String> commands = ninepin.getSubcommands().keySet();
        return "unknown command " + word
                + Suggestion.nearest(word, commands)
                        .map(near -> ": did you mean " + near + "?")
                        .orElse("; valid commands: " + String.join(", ", commands));
    }

    private static String unmatched(final CommandLine command, final String word) {
        if (word.startsWith("-") && word.length() > 1) {
            return unknownOption(command.getCommandSpec(), word);
        }
        return command.getSubcommands().isEmpty()
                ? "unexpected argument " + word + ": write " + synopsis(command.getCommandSpec())
                        + (command.getCommandSpec().positionalParameters().isEmpty()
                                ? ""
                                : ", with quotes around a name that contains a space")
                : unknownCommand(command, word);
    }

    private static String unknownOption(final CommandSpec command, final String word) {
        final int equals = word.indexOf('=');
        final String option = equals < 0 ? word : word.substring(0, equals);
        final Optional<String> foreign = Optional.ofNullable(FOREIGN.get(command.name() + " " + option));
        final List<String> known = command.options().stream()
                .flatMap(each -> List.of(each.names()).stream())
                .toList();
        return "unknown option " + option
                + foreign.map(hint -> ": " + hint)
                        .or(() -> Optional.of(option)
                                .filter(each -> each.startsWith("--"))
                                .flatMap(each -> Suggestion.nearest(each, known))
                                .map(near -> ": did you mean " + near + "?"))
                        .orElse("; valid options: " + String.join(", ", known));
    }

    private static String missing(final CommandSpec command, final List<ArgSpec> arguments) {
        return arguments.stream().map(ArgSpec::paramLabel).collect(Collectors.joining(" and "))
                + (arguments.size() == 1 ? " is missing: write " : " are missing: write ")
                + synopsis(command);
    }

    private static String synopsis(final CommandSpec command) {
        return command.qualifiedName() + " [OPTION]..."
                + command.positionalParameters().stream().map(WrongUsage::label).collect(Collectors.joining());
    }

    private static String label(final PositionalParamSpec argument) {
        return argument.required() ? " " + argument.paramLabel() : " [" + argument.paramLabel() + "]";
    }

    private WrongUsage() {}
}
